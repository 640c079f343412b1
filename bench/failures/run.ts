import { parseArgs } from 'node:util'
import { type Database, startDatabase } from '../../local/src/database/database.ts'
import { surroundings } from '../../local/src/database/sources.ts'
import { writeBlock } from '../../scripts/page-block.ts'
import { machine } from '../measure/machine.ts'
import { play } from './play.ts'
import { SCENARIOS } from './scenarios.ts'
import { markdown, objections, type Row, render } from './table.ts'

/**
 * `npm run bench:failures [-- --tries 20] [-- --readme]`: how peers fail their users, and that warmpool does not. Fails when
 * warmpool does, and when a peer no longer does; with `--readme`, writes the README's table.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { tries: { type: 'string', default: '20' }, readme: { type: 'boolean', default: false } },
  })
  const tries = Number(values.tries)
  if (!Number.isInteger(tries) || tries < 1)
    throw new Error(`--tries is a number from 1, not ${values.tries}.`)
  const { DATABASE_URL: _, ...env } = process.env // scenarios kill, lock and count
  await using database = await startDatabase({}, { ...surroundings(), env })
  console.warn = () => {} // warmpool tells of each timeout; these are meant
  console.error(`Playing ${SCENARIOS.length} scenarios, ${tries} tries with each library ...`)
  const rows: Row[] = []
  for (const scenario of SCENARIOS) rows.push(await rowOf(scenario, database, tries))
  const { libraries, server, node } = machine(database)
  const notes = `mysql2 is its promise pool; for the cached promise and for TLS, a connection of it without a pool.
Measured by \`npm run bench:failures -- --readme\` with ${libraries}, ${server}, Node ${node}.`
  console.log(`In how many of ${tries} tries it went wrong:\n\n${render(rows)}\n\n${notes}`)
  const sentences = objections(rows)
  for (const sentence of sentences) console.error(sentence)
  if (sentences.length > 0) process.exitCode = 1
  else if (values.readme) await writeBlock('README.md', 'failures', `${markdown(rows)}\n\n${notes}`)
}

async function rowOf(scenario: Row['scenario'], database: Database, tries: number): Promise<Row> {
  const broken: { -readonly [name in keyof Row['broken']]: Row['broken'][name] } = {}
  for (const name of scenario.contestants) broken[name] = await play(scenario, name, database, tries)
  return { scenario, tries, broken }
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
