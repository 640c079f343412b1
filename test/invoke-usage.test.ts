import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import { eventFile, readEvent } from '../local/src/cli/event.ts'
import { planDatabase } from '../local/src/cli/local-database.ts'
import { outdatedNode } from '../local/src/cli/node-version.ts'
import { run } from '../local/src/cli/program.ts'

const directory = mkdtempSync(join(tmpdir(), 'invoke-usage-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

/** Runs the command in this process. */
async function told(...args: string[]) {
  let [out, err] = ['', '']
  const exitCode = await run(args, {
    out: (text) => {
      out += text
    },
    err: (text) => {
      err += text
    },
  })
  return { exitCode, out, err }
}

const handler = write('handler.ts', 'export const handler = async () => 1')
const unfinished = write('unfinished.json', '{"id":')
const two = write('two.ts', 'export const get = async () => 1\nexport const list = async () => 2')
const text = write('notes.txt', 'no source')
const settings = write('serverless.yml', 'service: fixture\nfunctions: { one: { handler: nowhere.handler } }')

test.each<[args: string[], sentence: string | RegExp]>([
  // What is invoked
  [[], "Missing required argument 'handler'; see npx warmpool-local invoke --help."],
  [['nowhere.ts'], 'There is no handler file nowhere.ts.'],
  [[text], `The handler ${text} is no source: it must be a TypeScript or JavaScript file.`],
  [[handler, 'more'], /^Too many arguments .* got 2: .*; see npx warmpool-local invoke --help\.$/],
  [
    ['getOrders'],
    /^The service warmpool-shop has no function getOrders: its functions are getOrder, .*migrate\.$/,
  ],
  [['one', '--config', 'nowhere.yml'], /^There is no nowhere\.yml/],
  [
    ['one', '--config', settings],
    /^The function one has its handler in .*nowhere, but there is no such file/,
  ],
  [[handler, '--stage', 'prod'], `--stage is for functions of serverless.yml, and ${handler} is a file.`],
  [[write('syntax.ts', 'export const = 1')], /syntax\.ts:1: Expected identifier .*[^.]\.$/],
  [[write('lost.ts', "export { handler } from './nowhere'")], /lost\.ts:1: Could not resolve "\.\/nowhere"/],
  [[two], `${two} exports no 'handler', but get, list (to take one, write ${two}:get).`],
  [[`${two}:gets`], /^\S+ exports no 'gets', but get, list /],
  [[write('empty.ts', 'const handler = 1')], /empty\.ts exports nothing, and so no 'handler'\.$/],
  // The event
  [
    [write('only.ts', 'export default () => 1')],
    /exports no 'handler', but default \(to take one, write .*:default\)\.$/,
  ],
  [[handler, '--event', 'nowhere.json'], 'There is no event file nowhere.json.'],
  [[handler, '--event', unfinished], /^The event file \S+unfinished\.json is not JSON: .+\.$/],
  [[handler, '--event', '{"id":'], /^The event on the command line is not JSON: .+\.$/],
  [
    [handler, '--event'],
    "Option '-e, --event <file>' argument missing; see npx warmpool-local invoke --help.",
  ],
  // Numbers and times
  [[handler, '--times', '0'], "--times is '0', but must be a whole number above 0."],
  [[handler, '--concurrency', '1.5'], "--concurrency is '1.5', but must be a whole number above 0."],
  [[handler, '--freeze', '3'], "--freeze is '3', but must be a time such as 2s or 500ms."],
  [[handler, '--timeout', '16m'], "--timeout is '16m', but must be milliseconds from 1 to 900000."],
  [[handler, '--timeout', '901s'], "--timeout is '901s', but must be milliseconds from 1 to 900000."],
  [[handler, '--memory', '64'], "--memory is '64', but must be a whole number from 128 to 10240."],
  [[handler, '--delay', '-1'], "--delay is '-1', but must be milliseconds from 0 to 60000."],
  [
    [handler, '--times', '2', '--freeze', '1s', '--late-fin', '51'],
    "--late-fin is '51', but must be milliseconds from 0 to 50.",
  ],
  [[handler, '--runtime', 'bun'], "--runtime is 'bun', but must be one of auto, ric, loop."],
  // What does not go together
  [[handler, '--kill-while-frozen'], '--kill-while-frozen needs --freeze, such as --freeze 1s.'],
  [[handler, '--late-fin', '5'], '--late-fin needs --freeze, such as --freeze 1s.'],
  [[handler, '--freeze', '1s'], /^--freeze needs --times 2 or more/],
  [[handler, '--freeze', '1s', '--times', '2', '--multi', '2'], /^--freeze cannot go with --multi: /],
  [
    [handler, '--no-database', '--setup', 'a.sql'],
    '--setup needs a database, and --no-database says that there is none.',
  ],
  // The environment and the database
  [[handler, '--env', 'LEVEL'], '--env wants NAME=VALUE, such as --env LOG_LEVEL=debug.'],
  [[handler, '--env-from', 'nowhere.env'], 'There is no environment file nowhere.env.'],
  [[handler, '--env', 'DB_HOST=elsewhere'], /^--env DB_HOST names a database beside the local one: /],
  [[handler, '--setup', 'nowhere.sql'], 'There is no setup file nowhere.sql.'],
  [[handler, '--setup', text], /^--setup is '\S+notes\.txt', but must be a \.sql file or a module/],
  // Slips
  [[handler, '--colour'], "Unknown option '--colour'; see npx warmpool-local invoke --help."],
  [[handler, '--evnt', 'x'], /^Unknown option '--evnt' \(did you mean --event\?\); see /],
])('what is wrong with invoke %j is told in one sentence', async (args, sentence) => {
  const { exitCode, out, err } = await told('invoke', ...args)
  expect(err).toMatch(/^[^\n]+\n$/)
  if (typeof sentence === 'string') expect(err.trim()).toBe(sentence)
  else expect(err.trim()).toMatch(sentence)
  expect(out).toBe('')
  expect(exitCode).toBe(2)
})

describe('the command as a whole', () => {
  test('a command that there is not is told, with one that there is', async () => {
    const { exitCode, err } = await told('invok')
    expect(err).toBe("Unknown command 'invok' (did you mean invoke?); see npx warmpool-local --help.\n")
    expect(exitCode).toBe(2)
  })

  test('without anything it tells how it is used, and fails', async () => {
    const { exitCode, out, err } = await told()
    expect(err).toMatch(/^Usage: warmpool-local /)
    expect(out).toBe('')
    expect(exitCode).toBe(2)
  })

  test('it tells its version', async () => {
    expect(await told('--version')).toMatchObject({
      exitCode: 0,
      out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })

  test('the help of each command has examples, and says what exit codes mean', async () => {
    const { out } = await told('--help')
    expect(out).toContain('Examples:')
    const commands = [...out.matchAll(/^ {2}([a-z]+) \[options\]/gm)].map(([, name]) => String(name))
    expect(commands).toContain('invoke')
    for (const command of commands) {
      const help = await told(command, '--help')
      expect(help).toMatchObject({ exitCode: 0, err: '' })
      expect(help.out).toContain('Examples:')
    }
    const { out: invoke } = await told('invoke', '--help')
    for (const code of ['0', '1', '2', '3', '130']) expect(invoke).toMatch(new RegExp(`^  ${code} +\\w`, 'm'))
  })
})

test('a database that cannot be reached is told in one sentence, and is no fault of the input', async () => {
  const url = 'mysql://user:password-of-it@127.0.0.1:1/schema'
  const { exitCode, err } = await told('invoke', handler, '--env', `DATABASE_URL=${url}`)
  expect(err).toMatch(/^The server of DATABASE_URL does not let us in: [^\n]*ECONNREFUSED[^\n]*\n$/)
  expect(err).not.toContain('password-of-it')
  expect(exitCode).toBe(3)
})

test('an older Node is told in a sentence, as npm only warns of it', () => {
  const said: string[] = []
  const say = (text: string) => void said.push(text)
  expect(outdatedNode('20.19.0', say)).toBe(2)
  expect(outdatedNode('22.12.0', say)).toBe(2)
  expect(said[0]).toBe(
    'warmpool-local needs Node 22.13 or newer, and this is 20.19.0: npm i -D node@24 brings one.\n',
  )
  for (const version of ['22.13.0', '24.0.0', process.versions.node])
    expect(outdatedNode(version, say)).toBeUndefined()
})

describe('an event', () => {
  test('comes from stdin for -', async () => {
    expect(await readEvent('-', Readable.from(['{"id"', ':1}']))).toEqual({ id: 1 })
    await expect(readEvent('-', Readable.from(['']))).rejects.toThrow(
      'The event on stdin is empty, but must be JSON.',
    )
  })

  test('is JSON itself where it begins as JSON does, and may be anything in a file', async () => {
    const values = [[1, 2], { id: 1 }, 5, -0.5, null, true, 'text']
    for (const value of values) expect(await readEvent(` ${JSON.stringify(value)}`)).toEqual(value)
    await expect(readEvent('')).rejects.toThrow('The event on the command line is empty, but must be JSON.')
    for (const file of ['5.json', '5', 'true.json', 'event.json'])
      expect([file, eventFile(file)]).toEqual([file, file === '5' ? undefined : file])
    expect(await readEvent(write('text.json', '\uFEFF"text"'))).toBe('text')
    expect(await readEvent(undefined)).toEqual({})
  })
})

describe('the database of a command', () => {
  const schema = write('schema.sql', 'SELECT 1')
  const project = mkdtempSync(join(directory, 'project-'))
  const says = (text: string) => writeFileSync(join(project, 'package.json'), text)
  afterEach(() => vi.unstubAllEnvs())

  test('is that of --env, else of the shell, else a private one, which alone package.json prepares', async () => {
    vi.stubEnv('DATABASE_URL', '')
    says(JSON.stringify({ 'warmpool-local': { setup: schema } }))
    expect(await planDatabase({}, undefined, project)).toEqual({ url: undefined, setup: schema })
    vi.stubEnv('DATABASE_URL', 'mysql://shell')
    expect(await planDatabase({}, undefined, project)).toEqual({ url: 'mysql://shell', setup: undefined })
    const given = { DATABASE_URL: 'mysql://given' }
    expect(await planDatabase(given, schema, project)).toEqual({ url: 'mysql://given', setup: schema })
  })

  test.each([
    ['{', /^package\.json is not JSON: /],
    ['{ "warmpool-local": "setup.sql" }', '"warmpool-local" in package.json must be an object, such as '],
    ['{ "warmpool-local": { "setUp": "a.sql" } }', /has the key 'setUp', but knows only 'setup'\.$/],
    ['{ "warmpool-local": { "setup": 1 } }', /setup in package\.json is 1, but must be a file's name\.$/],
    ['{ "warmpool-local": { "setup": "nowhere.sql" } }', 'There is no setup file nowhere.sql.'],
  ])('is refused where package.json says %s', async (text, sentence) => {
    vi.stubEnv('DATABASE_URL', '')
    says(text)
    await expect(planDatabase({}, undefined, project)).rejects.toThrow(sentence)
  })
})
