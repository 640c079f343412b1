import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')
const named = (folder: string, ending: string) =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith(ending))
    .map((name) => `${folder}${name}`)

/** `npm run check` compiles docs/snippets; here the pages are held to them. */
const snippets = named('docs/snippets/', '.ts').map((path) => regionOf(read(path)))
const pages = ['README.md', 'local/README.md', ...named('docs/', '.md')]

function regionOf(source: string): string {
  return (/\/\/ #region\n([\s\S]*?)\/\/ #endregion/.exec(source)?.[1] ?? source).trim()
}

test.each(pages)('the code in %s is code that is compiled', (page) => {
  const blocks = [...read(page).matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code]) => (code as string).trim())
  expect(blocks.filter((block) => !snippets.includes(block))).toEqual([])
})

test.each(pages)('the links of %s lead somewhere', (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, path]) => path as string)
  const missing = links.filter((path) => {
    try {
      readFileSync(new URL(path, new URL(page, root)))
      return false
    } catch {
      return true
    }
  })
  expect(missing).toEqual([])
})

test('the scripts that the README names exist', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const named = [...read('README.md').matchAll(/npm (?:run (\w+)|(test))/g)].map(([, run, test]) =>
    String(run ?? test),
  )
  expect(named.length).toBeGreaterThan(3)
  expect(named.filter((script) => !(script in scripts))).toEqual([])
})
