import { parseArgs } from 'node:util'
import { chooseRuntime, type Database, type RuntimeName } from 'warmpool-local'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { demo, readme } from './demo/acts.ts'
import { prepareContestants } from './demo/contestants.ts'
import { play } from './demo/play.ts'
import { writeFigures } from './demo/readme.ts'
import type { Contestant } from './demo/stage.ts'
import type { Act, Result, Step } from './demo/step.ts'
import { closingLine, say, writeHead, writeRow, writeTitle } from './demo/table.ts'
import { seededDatabase } from './seeded-database.ts'
import { serverName } from './server-view.ts'

const RUNTIMES = {
  ric: "AWS's own runtime client (ric)",
  loop: "a small loop in place of AWS's runtime client",
}

/**
 * `npm run demo [-- --runtime ric|loop] [-- --readme]`: what becomes of a container's connections on Lambda, with mysql2's
 * pool and with warmpool. Fails when anything is not as warmpool promises; with `--readme`, writes the README's figures.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runtime: { type: 'string', default: 'auto' }, readme: { type: 'boolean', default: false } },
  })
  const { name: runtime } = chooseRuntime(values.runtime as RuntimeName | 'auto')
  await using directory = new GuardedDirectory()
  say('Starting a private database, packaging the shop as it is deployed ...')
  const [database, contestants] = await Promise.all([seededDatabase(), prepareContestants(directory)])
  await using _ = database
  say(`${serverName(database)}, Node ${process.versions.node}, ${RUNTIMES[runtime]}.`)

  const rows = await perform(values.readme ? readme(runtime) : demo(runtime), contestants, database, runtime)
  say('')
  for (const [at, contestant] of contestants.entries())
    say(
      closingLine(
        contestant,
        [...rows.values()].map((row) => row[at] as Result),
      ),
    )

  const broken = [...rows.values()].flatMap((row) => row.at(-1)?.broken ?? [])
  for (const sentence of broken) say(`Not as promised: ${sentence}`)
  if (broken.length > 0) process.exitCode = 1
  else if (values.readme) await writeFigures(rows, contestants, database)
}

/** For each step the contestants' results, in their order. */
async function perform(
  acts: readonly Act[],
  contestants: readonly Contestant[],
  database: Database,
  runtime: RuntimeName,
): Promise<Map<Step, Result[]>> {
  const inTurn = async function* (step: Step) {
    for (const contestant of contestants) yield await play(step, contestant, database, runtime)
  }
  const rows = new Map<Step, Result[]>()
  writeHead(contestants)
  for (const { title, steps } of acts) {
    writeTitle(title)
    for (const step of steps) rows.set(step, await writeRow(step, inTurn(step)))
  }
  return rows
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
