import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { doctor } from '../local/src/cli/doctor.ts'
import { type GivenDoctorOptions, readDoctorOptions } from '../local/src/cli/doctor-options.ts'
import { Rows } from '../local/src/cli/doctor-table.ts'
import { loadPoolModule } from '../local/src/cli/pool-module.ts'
import { run } from '../local/src/cli/program.ts'
import { STEPS } from '../local/src/doctor/diagnose.ts'
import { loadProject } from '../local/src/doctor/project.ts'
import { subjectOfModule } from '../local/src/doctor/subject.ts'
import { databaseForFile } from './support/database.ts'
import { Program } from './support/invoke-program.ts'

const repository = join(import.meta.dirname, '..')
const server = databaseForFile()
const home = mkdtempSync(join(tmpdir(), 'doctor-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** A program's directory, which has this warmpool installed as npm does it: the build. */
const project = join(home, 'project')
beforeAll(() => {
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  for (const [name, path] of Object.entries({
    warmpool: repository,
    mysql2: join(repository, 'node_modules/mysql2'),
  }))
    symlinkSync(path, join(project, 'node_modules', name))
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
})

/** The command as it is typed. */
async function typed(...args: readonly string[]) {
  await using program = new Program(['doctor', ...args], { cwd: project })
  const exitCode = await program.exitCode
  const { stdout, stderr } = program
  expect(`${stdout}${stderr}`).not.toMatch(/^\s+at /m) // no stack
  return { exitCode, stdout, stderr }
}

/** The same in this process, which takes a tenth of the time. */
async function doctored(given: GivenDoctorOptions, directory = project) {
  let stdout = ''
  const outlet = {
    write: (text: string) => {
      stdout += text
    },
  }
  const outlets = { stdout: outlet, stderr: outlet, env: {} }
  return { exitCode: await doctor(readDoctorOptions(given), directory, outlets), stdout }
}

const url = () => server.current.url.replace('127.0.0.1', 'localhost')

describe.concurrent('the command', () => {
  test('prints a line for each step, and ends with 0 where there is no fault', async () => {
    const ca = join(home, 'authority.pem')
    writeFileSync(ca, String(server.current.ca))
    const { exitCode, stdout, stderr } = await typed('--url', url(), '--ca', ca)
    expect(stderr).toBe('')
    const lines = stdout.trimEnd().split('\n')
    const named = lines.flatMap((line) => /^(?:ok|warning) +(\w+) {2,}\S/.exec(line)?.[1] ?? [])
    expect(named).toEqual(STEPS)
    expect(stdout).toMatch(
      /^ok +target +localhost:\d+\/warmpool, as warmpool by a password, with TLS .* \(--url\)$/m,
    )
    expect(lines.at(-1)).toMatch(/^16 ok, 0 warnings, 0 faults$|^15 ok, 1 warning, 0 faults$/) // round_trip, on a busy machine
    expect(exitCode).toBe(0)
  })

  test('prints one document with --json, and ends with 1 where there is a fault', async () => {
    const { exitCode, stdout } = await doctored({ url: url(), iam: true, json: true })
    const { ok, steps } = JSON.parse(stdout)
    expect(ok).toBe(false)
    expect(steps.map(({ step }: { step: string }) => step)).toEqual(STEPS)
    for (const step of steps)
      expect(Object.keys(step)).toEqual(['step', 'reader', 'verdict', 'said', 'todo', 'facts'])
    expect(steps[1]).toMatchObject({
      verdict: 'fault',
      said: 'credentials: received a function beside connection.password',
      todo: 'leave the password out of the URL (or DB_PASSWORD), or leave --iam or --secret out',
    })
    expect(exitCode).toBe(1)
  })

  test('says below a fault what to do, and in one line what was skipped', async () => {
    const { exitCode, stdout } = await doctored({ url: 'mysql://shop:open-sesame@127.0.0.1:1/shop' })
    expect(stdout).toMatch(
      /^fault +tcp +nothing listens there, or the server is down \(connect ECONNREFUSED 127\.0\.0\.1:1\)\n +→ look at host, port and whether the server runs\nskipped +not looked at, because of the fault in tcp: greeting, tls,/m,
    )
    expect(stdout).toMatch(/\n3 ok, 0 warnings, 1 fault, 12 skipped\n$/)
    expect(exitCode).toBe(1)
  })

  test('looks by the pool that a module exports, and does not wait for what else it has opened', async () => {
    const { host, port, user, password, database } = server.current
    writeFileSync(
      join(project, 'database.js'),
      `import { createPool } from 'warmpool'
setInterval(() => {}, 1000)
export const limit = 7
export const pool = createPool({ connection: ${JSON.stringify({ host, port, user, password, database })}, connectionLimit: 7, reader: { connection: { host: 'db-ro.invalid' } } })
export default { connection: { host: 'db.invalid' } }`,
    )
    const { exitCode, stdout } = await typed('--pool', 'database.js', '--json')
    const { ok, steps } = JSON.parse(stdout)
    expect(steps[1].said).toContain('(database.js, pool)')
    expect(steps[STEPS.indexOf('connections')].facts.connectionLimit).toBe(7)
    const faults = steps.filter(({ verdict }: { verdict: string }) => verdict === 'fault')
    expect(faults).toMatchObject([{ step: 'dns', reader: true, said: 'no host has this name' }])
    expect([ok, exitCode]).toEqual([false, 1])
    const file = join(project, 'database.js')
    const byName = await moduleIn(file, 'default')
    expect(byName.settings()).toMatchObject({ connection: { host: 'db.invalid' } })
  })
})

test('the reader is told of below the pool, each with what was skipped, and counted together', () => {
  let printed = ''
  const print = (text: string) => {
    printed += `${text}\n`
  }
  const outlet = { write() {} }
  const rows = new Rows(print, { stdout: outlet, stderr: outlet, env: {} })
  const step = {
    step: 'tcp',
    reader: false,
    verdict: 'fault',
    said: 'closed',
    todo: null,
    facts: {},
  } as const
  const skipped = { ...step, step: 'tls', verdict: 'skipped', said: 'not looked at' } as const
  const steps = [step, skipped, { ...step, reader: true }, { ...skipped, reader: true }]
  for (const each of steps) rows.add(each)
  rows.end(steps)
  expect(printed.replaceAll(/ +/g, ' ')).toBe(`fault tcp closed
skipped not looked at: tls

Its reader:
fault tcp closed
skipped not looked at: tls
0 ok, 0 warnings, 2 faults, 2 skipped
`)
})

test('a URL that is none is told with an example of one', async () => {
  const { stdout } = await doctored({ url: 'postgres://shop:open-sesame@127.0.0.1:1/shop', json: true })
  expect(stdout).not.toContain('sesame')
  expect(JSON.parse(stdout).steps[1].todo).toMatch(/^accepted: mysql:\/\/user:password@host:port\/database/)
})

test('where there is no warmpool, it says so and ends with 3', async () => {
  await expect(doctored({}, home)).rejects.toMatchObject({
    message:
      'No warmpool is installed here: run this in the directory of the program that uses it, or npm install warmpool mysql2.',
    exitCode: 3,
  })
})

async function moduleIn(file: string, exportName?: string) {
  const loaded = await loadProject(project)
  const { exports } = await loadPoolModule(loaded, file)
  return subjectOfModule(loaded, exports, { file, exportName })
}

test.each([
  ['that is not there', 'none.js', undefined, /^--pool is .*none\.js, but there is no such file\.$/],
  [
    'without a pool',
    'empty.js',
    undefined,
    /empty\.js exports neither a pool of warmpool nor, by default, the options of one\.$/,
  ],
  [
    'without that export',
    'empty.js',
    'two',
    /empty\.js exports neither a pool of warmpool as two nor, by default, /,
  ],
])('a module %s is refused in one sentence', async (_, file, exportName, sentence) => {
  writeFileSync(join(project, 'empty.js'), 'export const one = 1')
  await expect(moduleIn(join(project, file), exportName)).rejects.toThrow(sentence)
})

test.each<[what: string, exports: object, sentence: RegExp]>([
  ['that is older', { '.': './index.js' }, /^The warmpool installed here is older than this doctor/],
  [
    'whose mysql2 is missing',
    { './diagnosis': './index.js' },
    /^mysql2 is not installed beside warmpool: npm install mysql2\.$/,
  ],
])('a warmpool %s is told', async (what, exports, sentence) => {
  const folder = join(home, what)
  const installed = join(folder, 'node_modules/warmpool')
  mkdirSync(installed, { recursive: true })
  writeFileSync(
    join(installed, 'package.json'),
    JSON.stringify({ name: 'warmpool', type: 'module', exports }),
  )
  writeFileSync(join(installed, 'index.js'), "import 'mysql2'")
  await expect(loadProject(folder)).rejects.toThrow(sentence)
})

test.each<[args: string[], sentence: string]>([
  [['--iam', '--secret', 'shop'], '--iam and --secret are two ways to get in: take one.'],
  [['--no-tls', '--ca', 'a.pem'], '--ca says whom to trust in TLS, which --no-tls switches off: take one.'],
  [
    ['--pool', 'database.ts', '--url', 'mysql://u:open-sesame@h'],
    '--pool says where to connect and how: leave out --url, or --pool.',
  ],
  [
    ['--pool', 'database.ts', '--no-tls'],
    '--pool says where to connect and how: leave out --no-tls, or --pool.',
  ],
  ...['pool', 'ca', 'secret', 'timeout'].map((option): [string[], string] => [
    [`--${option}`, 'mysql://u:open-sesame@h/x'],
    `--${option} takes no URL: --url does.`,
  ]),
  [['--ca', 'nowhere.pem'], '--ca is nowhere.pem, but there is no such file to be read.'],
  [['--ca', 'package.json'], '--ca is package.json, which holds no certificate in PEM.'],
  [['--timeout', '3'], "--timeout is '3', but must be a time such as 2s or 500ms."],
  [['--timeout', '0s'], "--timeout is '0s', but must be a time such as 2s or 500ms."],
  [['--urll=mysql://u:open-sesame@h'], "Unknown option '--urll'; see npx warmpool-local doctor --help."],
  [
    ['mysql://u:open-sesame@h/with blank'],
    "Too many arguments for 'doctor'. Expected 0 arguments but got 1: mysql://…; see npx warmpool-local doctor --help.",
  ],
])('%j is refused in one sentence, without its password, and ends with 2', async (args, sentence) => {
  let err = ''
  const exitCode = await run(['doctor', ...args], {
    out: () => {},
    err: (text) => {
      err += text
    },
  })
  expect(err).toBe(`${sentence}\n`)
  expect(exitCode).toBe(2)
})

test('docs/doctor.md has every step, in order', () => {
  const page = readFileSync(join(repository, 'docs/doctor.md'), 'utf8')
  expect([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, step]) => step)).toEqual(STEPS)
})
