import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'

const repository = join(import.meta.dirname, '..')
const home = mkdtempSync(join(tmpdir(), 'doctor-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const project = join(home, 'project')
const OUTSIDE = 'that lies where no warmpool is installed'
const WARMPOOL = "import { createPool } from 'warmpool'\n"
const KNOWN: Readonly<Record<string, string>> = {
  'as Node takes it': `${WARMPOOL}import { config } from './config.ts'
export const pool = createPool({ connection: config, name: 'plain' })`,
  'with an import that has no extension': `${WARMPOOL}import { config } from './config'
export const pool = createPool({ connection: config, name: 'without extension' })`,
  'with an enum': `${WARMPOOL}enum Host { shop = 'db.example' }
export const pool = createPool({ connection: { host: Host.shop, user: 'shop' }, name: 'with enum' })`,
  'with a type among the values it imports': `${WARMPOOL}import { Host, user } from './more.ts'
const host: Host = 'db.example'
export const pool = createPool({ connection: { host, user }, name: 'with a type' })`,
  [OUTSIDE]: `${WARMPOOL}export const pool = createPool({ connection: { host: 'db.example', user: 'shop' }, name: 'outside' })`,
}
const REFUSED: Readonly<Record<string, [text: string, sentence: RegExp]>> = {
  'that cannot be parsed': ['export const pool = {', /could not be loaded: .*\.ts:1: /],
  'with a package that is not there': [
    "import 'nowhere-to-be-found'",
    /could not be loaded: .*\.ts:1: Could not resolve "nowhere-to-be-found"\.$/,
  ],
  'that throws': [
    "throw new Error('no database today')",
    /that-throws\.ts could not be loaded: no database today$/,
  ],
  'that repeats a URL': [
    "throw new Error('no way to mysql://shop:open-sesame@db/shop')",
    /could not be loaded: no way to mysql:\/\/\*\*\*@db\/shop$/,
  ],
  'that throws when it is bundled': [
    "enum Only { bundled }\nthrow new Error('no database today')",
    /bundled\.ts could not be loaded: no database today$/,
  ],
  'that repeats a secret when it is bundled': [
    "enum Only { bundled }\nJSON.parse('open-sesame')",
    /could not be loaded: SyntaxError; its words are kept back/,
  ],
}

const fileOf = (what: string) => join(what === OUTSIDE ? home : project, `${what.replaceAll(' ', '-')}.ts`)
let outcomes: Readonly<Record<string, { settings?: object; error?: string }>>

beforeAll(async () => {
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  for (const [name, path] of Object.entries({
    warmpool: repository,
    mysql2: join(repository, 'node_modules/mysql2'),
  }))
    symlinkSync(path, join(project, 'node_modules', name))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  writeFileSync(join(project, 'config.ts'), "export const config = { host: 'db.example', user: 'shop' }")
  writeFileSync(join(project, 'more.ts'), "export type Host = string\nexport const user: Host = 'shop'")
  for (const [what, text] of Object.entries(KNOWN)) writeFileSync(fileOf(what), text)
  for (const [what, [text]] of Object.entries(REFUSED)) writeFileSync(fileOf(what), text)
  const program = join(repository, 'test/support/load-pool-modules.ts')
  const files = [...Object.keys(KNOWN), ...Object.keys(REFUSED)].map(fileOf)
  const { stdout } = await promisify(execFile)(process.execPath, [program, project, ...files])
  outcomes = JSON.parse(stdout)
})

test.each(Object.keys(KNOWN))('the pool of a module %s is known for what it is', (what) => {
  expect(outcomes[fileOf(what)]).toMatchObject({
    settings: { connection: { host: 'db.example', user: 'shop' } },
  })
})

test.each(Object.entries(REFUSED))('a module %s is refused in one sentence', (what, [, sentence]) => {
  const { error } = outcomes[fileOf(what)] ?? {}
  expect(error).toMatch(sentence)
  expect(error).not.toMatch(/sesame|\n/)
})
