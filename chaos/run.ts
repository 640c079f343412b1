import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chooseRuntime, type RuntimeName } from '../local/src/lambda/runtime.ts'
import { campaign, playOften } from './campaign.ts'
import { compare } from './compare.ts'
import { hunt } from './hunt.ts'
import type { ClientName } from './judge/history.ts'
import { type Options, readOptions, USAGE } from './options.ts'
import { summary } from './print.ts'
import type { Script } from './script/script.ts'
import { shrink } from './shrink.ts'
import { Tally } from './tally.ts'
import { bundleHandler } from './world/bundle.ts'
import type { Cast } from './world/play.ts'
import { World } from './world/world.ts'

/** How long a failure is made shorter, milliseconds. */
const SHRINKING = 90_000
/** One world in Lambda's ordinary mode, one with several invocations at once. */
const WORLDS = [1, 4]

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2))
  if (!options) return console.log(USAGE)
  const runtime = chooseRuntime(options.runtime).name
  if (options.mutants) process.exitCode = (await hunt({ ...options, runtime })) ? 0 : 1
  else if (options.compare) await compare({ ...options, runtime, worlds: worldsOf(options) })
  else if (options.script) await replay(options.script, await castOf(options.client, runtime))
  else await run(options, await castOf(options.client, runtime))
}

async function run(options: Options, cast: Cast): Promise<void> {
  const { seed, invocations } = options
  console.log(`seed ${seed}, ${cast.client}, runtime ${cast.runtime}, Node ${process.versions.node}`)
  const tally = new Tally()
  const started = performance.now()
  await campaign({ cast, seed, invocations, worlds: worldsOf(options) }, tally)
  console.log(summary(tally, (performance.now() - started) / 1000))
  if (tally.findings.size === 0) return
  process.exitCode = 1
  if (cast.client === 'warmpool') await tell(tally, cast)
}

/** Of each broken promise, a script as short as it can be had. */
async function tell(tally: Tally, cast: Cast): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'warmpool-chaos-'))
  for (const [i, finding] of [...tally.findings.values()].entries()) {
    const file = join(directory, `script-${i + 1}.json`)
    await writeFile(file, JSON.stringify(finding.script))
    const { promise, rule } = finding.broken
    console.log(`\n${promise}, ${rule}:\n${finding.account}\nMaking its script shorter ...`)
    const shortest = await shrink(finding, cast, SHRINKING)
    await writeFile(file, JSON.stringify(shortest, undefined, 1))
    console.log(`${JSON.stringify(shortest)}\nnpm run chaos -- --runtime ${cast.runtime} --script ${file}`)
  }
}

async function replay(file: string, cast: Cast): Promise<void> {
  const script = JSON.parse(await readFile(file, 'utf8')) as Script
  await using world = await World.create()
  const found = await playOften(script, cast, world, 5)
  for (const broken of found.values()) console.log(broken)
  console.log(`Played 5 times: ${found.size} promises broken.`)
  if (found.size > 0) process.exitCode = 1
}

async function castOf(client: ClientName, runtime: RuntimeName): Promise<Cast> {
  return { client, runtime, handler: await bundleHandler(client) }
}

function worldsOf({ concurrency }: Options): number[] {
  return concurrency === undefined ? WORLDS : [concurrency, concurrency]
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
