import type { RuntimeName } from '../local/src/lambda/runtime.ts'
import { writeBlock } from '../scripts/page-block.ts'
import { campaign } from './campaign.ts'
import { CLIENTS } from './options.ts'
import { summary } from './print.ts'
import { Tally } from './tally.ts'
import { bundleHandler } from './world/bundle.ts'

interface Comparison {
  readonly invocations: number
  readonly seed: number
  readonly runtime: RuntimeName
  readonly worlds: readonly number[]
  /** Writes the table into docs/chaos.md. */
  readonly write: boolean
}

/** Plays the same scripts with every client, and tells how often each breaks what. */
export async function compare({ invocations, seed, runtime, worlds, write }: Comparison): Promise<void> {
  const tallies = new Map<string, Tally>()
  for (const client of CLIENTS) {
    const tally = new Tally()
    const started = performance.now()
    const cast = { client, runtime, handler: await bundleHandler(client) }
    await campaign({ cast, seed, invocations, worlds }, tally)
    tallies.set(client, tally)
    console.log(`\n${client}: ${summary(tally, (performance.now() - started) / 1000)}`)
  }
  const text = `${table(tallies)}\n\nBy \`npm run chaos -- --compare --invocations ${invocations} --seed ${seed} --runtime ${runtime} --write\`, Node ${process.versions.node}.`
  console.log(`\n${text}`)
  if (write) await writeBlock('docs/chaos.md', 'compared', text)
}

/** A row for each rule that anybody has broken, and one for the invocations. */
export function table(tallies: ReadonlyMap<string, Tally>): string {
  const keys = [...new Set([...tallies.values()].flatMap(({ findings }) => [...findings.keys()]))].sort()
  const row = (cells: readonly unknown[]) => `| ${cells.join(' | ')} |`
  const all = [...tallies.values()]
  return [
    row(['', ...tallies.keys()]),
    row(['---', ...all.map(() => '---')]),
    row(['invocations', ...all.map(({ invocations }) => invocations)]),
    ...keys.map((key) =>
      row([key.replace(' ', ': '), ...all.map(({ findings }) => findings.get(key)?.times ?? 0)]),
    ),
    row(['**promises broken**', ...all.map(({ broken }) => `**${broken.size}**`)]),
  ].join('\n')
}
