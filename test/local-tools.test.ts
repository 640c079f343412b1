import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { CELLS } from '../bench/local-tools/cells.ts'
import { TOOLS } from '../bench/local-tools/table.ts'
import { readBlock } from '../scripts/page-block.ts'

const written = await readBlock('docs/local-tools.md', 'compared')
const rows = written
  .split('\n')
  .filter((line) => line.startsWith('|'))
  .map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  )

test('docs/local-tools.md has a line for each thing that is tried, and an answer of each tool', () => {
  const [head, , ...lines] = rows
  expect(head).toEqual(['', ...TOOLS])
  expect(lines.map(([title]) => title)).toEqual(CELLS.map(({ title }) => title))
  const answers = lines.flatMap(([, ...answers]) => answers)
  expect(answers).toHaveLength(CELLS.length * TOOLS.length)
  expect(answers.filter((answer) => !/^(yes|no)( \(.+\))?$/.test(answer))).toEqual([])
})

test('and is of the versions that are installed to be tried', () => {
  const pinned = ['package.json', 'bench/local-tools/package.json'].map((path) =>
    JSON.parse(readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')),
  )
  const wanted = Object.assign({}, ...pinned.map(({ devDependencies }) => devDependencies))
  for (const name of ['osls', 'serverless-offline', 'serverless-esbuild'])
    expect(written).toContain(`${name} ${wanted[name]}`)
})
