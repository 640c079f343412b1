import { setTimeout as delay } from 'node:timers/promises'
import type { Database } from '../database/database.ts'
import type { LocalLambda } from '../function/local-lambda.ts'
import { CommandError, EXIT, messageOf } from './failure.ts'
import type { InvokeOptions } from './invoke-options.ts'
import { counted, initFailure, ms, type Report, reportOf, rounded, span } from './report.ts'
import type { Screen } from './screen.ts'

/** What is invoked, and what is looked at meanwhile. */
export interface Stage {
  /** What the user calls it. */
  readonly name: string
  readonly lambda: LocalLambda
  readonly database: Database | undefined
  readonly screen: Screen
  readonly options: InvokeOptions
  /** Aborts a wait. */
  readonly signal: AbortSignal
}

const GONE_WITHIN = 5000
const LOOK_EVERY = 10
const LEFT_AFTER = 1000

/**
 * Invokes as often as was asked for, and tells each as it ends.
 * @throws CommandError when INIT failed, after which nothing can be invoked
 */
export async function runRounds(stage: Stage, event: unknown): Promise<Report[]> {
  const { lambda, options, screen } = stage
  const reports: Report[] = []
  screen.begin()
  for (let round = 1; round <= options.times; round++) {
    const killed = round > 1 && options.freeze !== undefined ? await frozen(stage, options.freeze) : 0
    const results = await lambda.invokeAll(Array.from({ length: options.concurrency }, () => event))
    const server = await countAtServer(stage)
    for (const result of results) {
      const report = reportOf(result, {
        invocation: reports.length + 1,
        killed,
        server,
        apart: options.multi === undefined,
      })
      reports.push(report)
      screen.report(report)
    }
    const failed = initFailure(reports)
    if (failed) throw new CommandError(EXIT.notStarted, initSentence(stage.name, failed))
  }
  return reports
}

/** Freezes for a while. Returns how many connections the server has closed meanwhile. */
async function frozen(stage: Stage, time: number): Promise<number> {
  const { lambda, options, screen, signal } = stage
  await lambda.freeze(options.lateFin === undefined ? {} : { lateBy: options.lateFin })
  const killed = options.killWhileFrozen ? await killConnections(stage) : 0
  const told = options.killWhileFrozen ? `, ${counted(killed, 'connection')} killed by the server` : ''
  screen.note(`    frozen for ${span(time)}${told}`)
  await delay(time, undefined, { signal })
  return killed
}

/** Only those of the containers: others may use a database that is not ours. */
async function killConnections({ lambda, database }: Stage): Promise<number> {
  if (database === undefined) return 0
  const victims = new Set((await lambda.connections()).map(({ Id }) => Id))
  for (const id of victims) {
    await database.query(`KILL ${id}`).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ER_NO_SUCH_THREAD') throw error
    })
  }
  const giveUp = Date.now() + GONE_WITHIN
  while ((await lambda.connections()).some(({ Id }) => victims.has(Id)) && Date.now() < giveUp)
    await delay(LOOK_EVERY)
  return victims.size
}

/** Ends the containers by Lambda's rules, and tells what the server has left of them a second later. */
export async function shutDown({ lambda, database, screen }: Stage): Promise<void> {
  const containers = lambda.containers.length
  const started = performance.now()
  await lambda.shutdown()
  const ended = performance.now()
  const told = `Shut down ${counted(containers, 'container')} in ${ms(ended - started)}`
  const figures = { containers, durationMs: rounded(ended - started) }
  if (database === undefined) return screen.ending(`${told}.`, { shutdown: figures })
  let left = (await lambda.connections()).length
  while (left > 0 && performance.now() < ended + LEFT_AFTER) {
    await delay(LOOK_EVERY)
    left = (await lambda.connections()).length
  }
  const after = ms(performance.now() - ended)
  const has =
    left === 0 ? 'has none of their connections' : `still has ${counted(left, 'connection')} of theirs`
  screen.ending(`${told}; ${after} later the server ${has}.`, {
    shutdown: { ...figures, connectionsLeft: left },
  })
}

async function countAtServer({ lambda, database }: Stage): Promise<number | undefined> {
  return database && (await lambda.connections()).length
}

function initSentence(name: string, { error }: Report): string {
  const why = error
    ? `${error.errorType}: ${messageOf(error.errorMessage.replace(/^RequestId: \S+ Error: /, ''))}`
    : 'no error'
  return `INIT of ${name} failed with ${why.replace(/\.$/, '')}.`
}
