import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { describe, expect, test } from 'vitest'

const root = new URL('../', import.meta.url).pathname

/** From docs/architecture.md, under a heading: the rung of each file or folder. */
function ladder(heading: string): Map<string, number> {
  const page = readFileSync(join(root, 'docs/architecture.md'), 'utf8')
  const section = page.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  const rungs = new Map<string, number>()
  for (const [, rung, files] of section.matchAll(/^\| (\d+) \| (`[^|]+) \|/gm))
    for (const [, file] of (files as string).matchAll(/`([^`]+)`/g)) rungs.set(file as string, Number(rung))
  return rungs
}

/** Relative imports, type imports and dynamic ones included. */
function importsIn(source: string, file: string): string[] {
  const found = readFileSync(join(source, file), 'utf8').matchAll(/(?:from|import\()\s*'(\.[^']+)'/g)
  return [...found].map(([, path]) => normalize(join(dirname(file), path as string)))
}

describe.each([
  ['src', 'The ladder', 15],
  ['local/src', 'The ladder of `local/src`', 7],
])('%s', (folder, heading, rows) => {
  const source = join(root, folder)
  const rungs = ladder(heading)
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const importsOf = new Map(files.map((file) => [file, importsIn(source, file)]))
  const rungOf = (file: string) => rungs.get(file) ?? rungs.get(`${file.split('/')[0]}/`)

  test('the table is read', () => {
    expect(rungs.size).toBeGreaterThan(rows)
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

  test.each(files)('%s is at most 250 lines', (file) => {
    expect(readFileSync(join(source, file), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(250)
  })
})

test('in src, only driver.ts imports the code of mysql2', () => {
  const source = join(root, 'src')
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  )
  const importsCode = (file: string) =>
    readFileSync(join(source, file), 'utf8')
      .split(/^(?=import )/m)
      .some((statement) => /^import (?!type)[^']*from 'mysql2/.test(statement))
  expect(files.filter(importsCode)).toEqual(['driver.ts'])
})
