import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Container,
  type Database,
  type InvocationResult,
  startContainer,
  startDatabase,
} from 'warmpool-local'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { bundle } from '../local/src/function/bundle.ts'
import { type Options, readOptions, USAGE } from './invoke/options.ts'
import { seededDatabase } from './seeded-database.ts'
import { serverName, watchConnections } from './server-view.ts'

/** One invocation, with what the server saw of the container's connections. */
interface Report {
  readonly invocation: number
  readonly start: 'cold' | 'warm' | 'thawed'
  readonly result: InvocationResult
  readonly killed: number
  readonly opened: number
  /** There before and after. */
  readonly reused: number
}

/** `npm run invoke`: a handler in a local Lambda that really freezes it, over a private database with the shop's seed. */
async function main(args: string[]): Promise<void> {
  if (args.includes('--help')) return console.log(USAGE)
  const options = readOptions(args)
  await using directory = new GuardedDirectory()
  const { file } = await bundle(options.handler, directory.path)
  // Somebody's own is used as it is.
  await using database = process.env.DATABASE_URL ? await startDatabase() : await seededDatabase()
  await using container = await start(file, options, database)
  if (!options.json)
    console.log(
      `${serverName(database)}, runtime ${container.runtime}, INIT ${container.initMs.toFixed(0)} ms.`,
    )

  for (let invocation = 1; invocation <= options.times; invocation++) {
    const report = await invoke(invocation, container, database, options)
    console.log(options.json ? asJson(report) : asLine(report))
    if (!report.result.ok) process.exitCode = 1
    if (container.state === 'stopped' && invocation < options.times)
      throw new Error(`The container stopped in invocation ${invocation}: those after it were not made.`)
  }
}

async function start(handler: string, { handler: source, runtime, timeout }: Options, { url }: Database) {
  let ready = false // before that, why it failed is told once and not in the runtime's many words
  const onOutput = (line: string) => ready && console.error(line)
  try {
    const container = await startContainer({
      handler,
      runtime,
      timeout,
      env: { DATABASE_URL: url },
      onOutput,
    })
    process.stderr.write(container.output)
    ready = true
    return container
  } catch (error) {
    throw new Error((error as Error).message.replace(handler, source))
  }
}

async function invoke(
  invocation: number,
  container: Container,
  database: Database,
  { event, freeze, kill }: Options,
): Promise<Report> {
  const thaws = freeze !== undefined && invocation > 1
  if (thaws) await container.freeze()
  const killed = thaws && kill ? await database.killConnections() : 0
  if (thaws) await sleep(freeze)
  const before = await sessions(database)
  const seen = await watchConnections(database)
  const result = await container.invoke(event)
  const { opened } = await seen()
  const reused = before.intersection(await sessions(database)).size
  const start = invocation === 1 ? 'cold' : thaws ? 'thawed' : 'warm'
  return { invocation, start, result, killed, opened, reused }
}

async function sessions(database: Database): Promise<Set<number>> {
  return new Set((await database.connections()).map(({ Id }) => Id))
}

function asJson({ result, ...report }: Report): string {
  return JSON.stringify({ ...report, ...result })
}

function asLine({ invocation, start, result, killed, opened, reused }: Report): string {
  const duration = `${result.durationMs.toFixed(1)} ms`.padStart(9)
  const connections = `${killed} killed, ${opened} opened, ${reused} reused`
  const answer = result.ok
    ? JSON.stringify(result.response)
    : `${result.error.errorType}: ${result.error.errorMessage}`
  return `${String(invocation).padStart(3)} ${start.padEnd(6)} ${duration}   ${connections}   ${answer}`
}

main(process.argv.slice(2)).catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
