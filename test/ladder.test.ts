import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { expect, test } from 'vitest'

const SRC = new URL('../src/', import.meta.url).pathname

/** From docs/architecture.md: the rung of each file or folder. */
function ladder(): Map<string, number> {
  const rows = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8').matchAll(
    /^\| (\d+) \| (`[^|]+) \|/gm,
  )
  const rungs = new Map<string, number>()
  for (const [, rung, files] of rows)
    for (const [, file] of (files as string).matchAll(/`([^`]+)`/g)) rungs.set(file as string, Number(rung))
  return rungs
}

const rungs = ladder()
const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.ts'))
const importsOf = new Map(files.map((file) => [file, importsIn(file)]))

/** Relative imports, type imports and dynamic ones included. */
function importsIn(file: string): string[] {
  const source = readFileSync(join(SRC, file), 'utf8')
  const found = source.matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)
  return [...found].map(([, path]) => normalize(join(dirname(file), path as string)))
}

function rungOf(file: string): number | undefined {
  return rungs.get(file) ?? rungs.get(`${file.split('/')[0]}/`)
}

test('the table is read', () => {
  expect(rungs.size).toBeGreaterThan(15)
  expect(rungOf('slots/slots.ts')).toBe(7)
})

test('every file stands on a rung, and every rung has its files', () => {
  expect(files.filter((file) => rungOf(file) === undefined)).toEqual([])
  const stale = [...rungs.keys()].filter(
    (name) => !files.some((file) => file === name || file.startsWith(name)),
  )
  expect(stale).toEqual([])
})

test.each(files)('%s imports only from its own rung or below', (file) => {
  const above = (importsOf.get(file) ?? []).filter((other) => Number(rungOf(other)) > Number(rungOf(file)))
  expect(above).toEqual([])
})

test('there are no circles', () => {
  const done = new Set<string>()
  const visit = (file: string, path: string[]): void => {
    if (path.includes(file))
      throw new Error(`circle: ${[...path.slice(path.indexOf(file)), file].join(' → ')}`)
    if (done.has(file)) return
    for (const other of importsOf.get(file) ?? []) visit(other, [...path, file])
    done.add(file)
  }
  for (const file of files) visit(file, [])
})

test('only driver.ts imports the code of mysql2', () => {
  const importsCode = (file: string) =>
    readFileSync(join(SRC, file), 'utf8')
      .split(/^(?=import )/m)
      .some((statement) => /^import (?!type)[^']*from 'mysql2/.test(statement))
  expect(files.filter(importsCode)).toEqual(['driver.ts'])
})

test.each(files)('%s is at most 250 lines', (file) => {
  expect(readFileSync(join(SRC, file), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(250)
})
