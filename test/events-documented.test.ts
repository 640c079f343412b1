import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createPool } from '../src/index.ts'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const page = read('docs/events.md')

/** The first column of the table under a heading. */
function firstColumn(heading: string): string[] {
  const section = page.split(/^## /m).find((part) => part.startsWith(heading)) ?? ''
  const rows = [...section.matchAll(/^\| (`[^|]+) \|/gm)]
  return rows.flatMap(([, cell]) => [...String(cell).matchAll(/`(\w+)`/g)].map(([, name]) => String(name)))
}

test('every event is in the table, and no other', () => {
  const declared = /interface PoolEvents \{([\s\S]*?)\n\}/.exec(read('src/events.ts'))?.[1] ?? ''
  const names = [...declared.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name)
  expect(firstColumn('Events').toSorted()).toEqual(names.toSorted())
})

test('every count of stats() is in the table, and no other', async () => {
  await using pool = createPool({ connection: 'mysql://user@127.0.0.1:1/nowhere' })
  expect(firstColumn('Counts').toSorted()).toEqual(Object.keys(pool.stats()).toSorted())
})
