import { resolve } from 'node:path'
import type { Database } from '../database/database.ts'
import { type LocalLambda, localLambda } from '../function/local-lambda.ts'
import type { FunctionDatabase } from '../function/options.ts'
import { Network } from '../network/network.ts'
import { eventFile, readEvent } from './event.ts'
import { EXIT, messageOf, orExit } from './failure.ts'
import { givenEnvironment } from './function-environment.ts'
import type { Held } from './interruption.ts'
import type { InvokeOptions } from './invoke-options.ts'
import { openDatabase, planDatabase } from './local-database.ts'
import { pairs } from './option-values.ts'
import { counted, type Report, summary } from './report.ts'
import { runRounds, type Stage, shutDown } from './rounds.ts'
import { Screen } from './screen.ts'
import { checkSource } from './source-check.ts'
import { findTarget, type Target } from './target.ts'
import { FileWatch } from './watch-files.ts'

/**
 * `warmpool-local invoke`: everything that can be wrong with what was given is found before anything is started.
 * @returns the exit code
 * @throws CommandError in one sentence
 */
export async function invoke(argument: string, options: InvokeOptions, held: Held): Promise<number> {
  const { json, full, quiet, database: hasDatabase, concurrency } = options
  const screen = new Screen(
    { json, full, quiet, database: hasDatabase, containers: concurrency > 1 },
    held.signal,
  )
  const note = (text: string) => screen.note(text)
  const env = await givenEnvironment(options.envFrom, options.env)
  const { config, stage: named, param } = options
  const lookup = { config, stage: named, params: pairs('--param', param), env, database: hasDatabase }
  const target = await findTarget(argument, lookup, note)
  const event = await readEvent(options.event)
  const plan = hasDatabase ? await planDatabase(env, options.setup) : undefined
  await checkSource(target, held)

  const database = plan && (await openDatabase(plan, held, note))
  const lambda = await start(target, options, database, held, screen)
  const stage: Stage = { name: target.name, lambda, database, screen, options, signal: held.signal }
  if (options.watch) return watchAndRun(stage, target, event, held)
  const reports = await run(stage, event)
  return reports.every(({ ok }) => ok) ? EXIT.answered : EXIT.failed
}

async function run(stage: Stage, event: unknown): Promise<Report[]> {
  const reports = await runRounds(stage, event)
  stage.screen.summary(summary(reports))
  if (stage.options.shutdown) await shutDown(stage)
  return reports
}

async function start(
  target: Target,
  options: InvokeOptions,
  database: Database | undefined,
  held: Held,
  screen: Screen,
): Promise<LocalLambda> {
  const reached = database && (await slowed(database, options.delay, held))
  const lambda = localLambda({
    handler: resolve(target.source),
    exportName: target.exportName,
    runtime: options.runtime,
    timeout: options.timeout ?? target.timeout,
    memorySize: options.memory ?? target.memory,
    concurrency: options.multi,
    database: reached,
    env: target.environment(reached?.url),
    onOutput: (line, _stream, container) => screen.log(line, container),
  })
  return orExit(EXIT.notStarted, () => held.keep(lambda))
}

/** The database as it is seen from further away. */
async function slowed(database: Database, delay: number, held: Held): Promise<FunctionDatabase> {
  if (delay === 0) return database
  const network = await held.keep(Network.to(database))
  network.toServer.delay = delay
  network.toClient.delay = delay
  return {
    url: network.url(database.url),
    host: '127.0.0.1',
    port: network.port,
    connections: () => database.connections(),
  }
}

/** Until Ctrl-C: once, and again after each change of a source or of the event's file. */
async function watchAndRun(stage: Stage, target: Target, first: unknown, held: Held): Promise<number> {
  const { lambda, screen, options } = stage
  const files = await held.keep(new FileWatch())
  const file = eventFile(options.event)
  let event = first
  let bundled = true
  while (!held.signal.aborted) {
    files.files = [resolve(target.source), ...lambda.sources, ...(file ? [file] : [])]
    if (bundled) await run(stage, event).catch((error) => screen.complaint(messageOf(error)))
    screen.note(`Watching ${counted(files.count, 'file')}; Ctrl-C ends.`)
    await files.change()
    try {
      if (file !== undefined) event = await readEvent(options.event)
      await lambda.redeploy()
      bundled = true
    } catch (error) {
      bundled = false
      screen.complaint(messageOf(error))
    }
  }
  return EXIT.interrupted
}
