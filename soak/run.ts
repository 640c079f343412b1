import CliTable from 'cli-table3'
import { firstSignal } from '../local/src/cli/first-signal.ts'
import { readOptions, USAGE } from './options.ts'
import type { Outcome, Soak } from './soak.ts'

/**
 * npm run soak -- thaw|failover|shutdown [--cycles N] [--seed S] [--minutes M]
 *
 * Exit code 1 when a promise was broken, 2 when it could not be told what to do, 130 after Ctrl-C. The first Ctrl-C ends
 * it after the cycle under way, with what was counted; the second at once. Containers and servers end with this process.
 */
async function main(): Promise<void> {
  const options = asked()
  if (!options) return console.log(USAGE)
  const { name, cycles, seed, atMost } = options
  const soak: Soak = await import(`./${name}.ts`)
  console.log(`${name}: ${soak.title}.\nNode ${process.versions.node}, ${cycles} cycles, seed ${seed}.`)
  const interruption = new AbortController()
  const interrupted = firstSignal()
  void interrupted.came.then((exitCode) => {
    process.exitCode = exitCode
    console.error('Ending after the cycle under way; once more ends it at once.')
    interruption.abort()
  })
  const signal = AbortSignal.any([interruption.signal, AbortSignal.timeout(atMost)])
  const started = performance.now()
  const log = (line: string) => console.log(`${seconds(started).padStart(6)} ${line}`)
  const outcome = await soak.run({ cycles, seed, signal, log })
  interrupted.forget()
  const early = signal.aborted ? ', before all cycles were done' : ''
  console.log(`${render(outcome)}\nIn ${seconds(started)}${early}.`)
  for (const sentence of outcome.broken) console.error(`Not as promised: ${sentence}`)
  if (outcome.broken.length > 0) process.exitCode = 1
}

function asked() {
  try {
    return readOptions(process.argv.slice(2))
  } catch (error) {
    console.error((error as Error).message.replaceAll(/\s*\n\s*/g, ' '))
    process.exit(2)
  }
}

function seconds(since: number): string {
  return `${Math.round((performance.now() - since) / 1000)} s`
}

function render({ table }: Outcome): string {
  const columns = [...new Set(Object.values(table).flatMap((row) => Object.keys(row)))]
  const printed = new CliTable({ head: ['', ...columns], style: { head: [], border: [] } })
  for (const [what, row] of Object.entries(table))
    printed.push([what, ...columns.map((column) => row[column] ?? '')])
  return printed.toString()
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
