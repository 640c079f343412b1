import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const page = read('docs/lifecycle.md')

const rules = page
  .split('\n')
  .filter((line) => /^\| (?!Rule)/.test(line))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )
  .map(([rule = '', source = '', held = '', live = '']) => ({ rule, source, held, live }))

test('each rule of docs/lifecycle.md says where it comes from, and what is known of it', () => {
  const labels = new Set([...page.matchAll(/^\[(\w+)\]: https:\/\/\S+$/gm)].map(([, label]) => label))
  expect(rules.length).toBeGreaterThan(35)
  for (const { rule, source, live } of rules) {
    const cited = [...source.matchAll(/\]\[(\w+)\]/g)].map(([, label]) => label)
    expect({ rule, unknown: cited.filter((label) => !labels.has(label)) }).toEqual({ rule, unknown: [] })
    expect({ rule, hasSource: cited.length > 0 || /^(ours|Node: )/.test(source) }).toEqual({
      rule,
      hasSource: true,
    })
    expect(['not tried', 'assumed', 'differs']).toContain(live)
  }
})

test('the test that holds each rule of docs/lifecycle.md exists', () => {
  for (const { held } of rules) {
    const [, file = '', name = ''] = /^`(test\/[\w-]+\.test\.ts)`: (.+)$/.exec(held) ?? []
    const calls = [...read(file).matchAll(/(['"])((?:(?!\1).)+)\1,\s*(?:async )?\(/g)].map(
      ([, , said]) => said,
    )
    expect({ file, name, known: calls.includes(name) }).toEqual({ file, name, known: true })
  }
})

test('every test file of the lifecycle is named in docs/lifecycle.md', () => {
  const files = readdirSync(new URL('test/', root)).filter((name) => /^lifecycle-(?!documented)/.test(name))
  expect(files.filter((name) => !page.includes(`\`test/${name}\``))).toEqual([])
})
