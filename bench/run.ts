import { mkdir, writeFile } from 'node:fs/promises'
import { loadavg } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Table } from './measure/bench.ts'
import { machine } from './measure/machine.ts'
import { broken, render } from './measure/report.ts'
import { startTestBed } from './measure/test-bed.ts'

/** npm run bench -- [name…] [--json] */

const NAMES = ['warm', 'paused', 'network', 'packets', 'queue', 'session', 'import', 'thaw', 'cold']
const RESULTS = '.bench/results.json'

const { values, positionals } = parseArgs({ allowPositionals: true, options: { json: { type: 'boolean' } } })
const unknown = positionals.filter((name) => !NAMES.includes(name))
if (unknown.length > 0) {
  console.error(`There is no bench ${unknown.join(', ')}: there are ${NAMES.join(', ')}.`)
  process.exit(1)
}

await using database = await startTestBed()
const conditions = machine(database)
for (const [what, value] of Object.entries(conditions)) console.log(`${what.padEnd(10)} ${value}`)
console.log('\nMedians; in brackets where the true median lies with 95 % confidence.')

const benches: Record<string, { load: number; table: Table }> = {}
for (const name of positionals.length > 0 ? positionals : NAMES) {
  const bench: Bench = await import(`./${name}.ts`)
  const load = loadavg()[0] as number
  console.log(`\n${name}: ${bench.title}. (Load before: ${load.toFixed(1)})`)
  const table = await bench.run(database)
  console.log(render(table))
  benches[name] = { load, table }
}

const failures = Object.values(benches).flatMap(({ table }) => broken(table))
for (const failure of failures) console.error(`Over its bar: ${failure}`)
process.exitCode = failures.length > 0 ? 1 : 0
if (values.json) {
  await mkdir(dirname(RESULTS), { recursive: true })
  await writeFile(RESULTS, `${JSON.stringify({ conditions, benches }, null, 2)}\n`)
  console.log(`Written to ${RESULTS}.`)
}
