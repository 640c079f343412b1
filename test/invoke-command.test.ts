import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { Program } from './support/invoke-program.ts'

const directory = mkdtempSync(join(tmpdir(), 'invoke-command-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

/** Runs it to its end. */
async function ended(args: string[], options: { cwd?: string; input?: string } = {}) {
  await using program = new Program(args, options)
  const exitCode = await program.exitCode
  const { stdout, stderr } = program
  const left = [program.left(), program.processes()]
  const reports = () =>
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
  return { exitCode, stdout, stderr, left, reports }
}

write(
  'serverless.yml',
  `service: fixture
provider: { name: aws, runtime: nodejs24.x, environment: { A: provider, B: provider, C: provider } }
functions:
  tell:
    handler: tell.handler
    timeout: 7
    memorySize: 256
    environment: { B: function, DB_HOST: !GetAtt Cluster.Endpoint }`,
)
write(
  'tell.ts',
  `let count = 0
  export const handler = async (event: object, context: { getRemainingTimeInMillis(): number; memoryLimitInMB: string }) => {
    const { A, B, C, D, AWS_LAMBDA_FUNCTION_NAME: name, DATABASE_URL: url = 'none' } = process.env
    console.log('count is ' + ++count)
    return { event, count, variables: [A, B, C, D], name, url, left: context.getRemainingTimeInMillis(), memory: context.memoryLimitInMB }
  }
  export const broken = async () => { throw new TypeError('not today') }
  export const busy = async () => { console.log('busy'); await new Promise((end) => setTimeout(end, 60_000)) }`,
)

const SCHEMA = write('schema.sql', 'CREATE TABLE kettles (id INT);\nINSERT INTO kettles VALUES (1), (2);\n')

// They wait more than they work, so they run side by side; as each has processes of its own, none can disturb another.
describe.concurrent('warmpool-local invoke', { timeout: 60_000 }, () => {
  test('lets a container hear late that its connections are gone, which it has found out by then', async () => {
    const freeze = ['--times', '3', '--freeze', '1200ms', '--kill-while-frozen', '--late-fin', '20']
    const setup = ['--event', 'test/events/get-order.json', '--setup', 'scripts/shop-setup.ts']
    const { reports } = await ended(['invoke', 'getOrder', ...setup, '--json', ...freeze])
    expect(reports()).toMatchObject([
      { response: { statusCode: 200 } },
      { start: 'thawed', killed: 1, response: { statusCode: 200 } },
      { start: 'thawed', killed: 1, response: { statusCode: 200 } },
    ])
  })

  test('invokes a function of the shop cold, freezes it, has it cut off, and thaws it, on a prepared database', async () => {
    const args = [
      'invoke',
      'getOrder',
      '--event',
      '-',
      '--setup',
      'scripts/shop-setup.ts',
      '--json',
      '--shutdown',
    ]
    const freeze = ['--times', '3', '--freeze', '20ms', '--kill-while-frozen']
    const input = await readFile('test/events/get-order.json', 'utf8')
    const { exitCode, stderr, left, reports } = await ended([...args, ...freeze], { input })
    const answered = { ok: true, response: { statusCode: 200 }, container: 1, server: 1 }
    const thawed = { ...answered, start: 'thawed', killed: 1, opened: 1, reused: 0, replaced: 1 }
    expect(reports()).toMatchObject([
      { ...answered, start: 'cold', killed: 0, opened: 1, reused: 0, replaced: 0 },
      { ...thawed, invocation: 2 },
      { ...thawed, invocation: 3 },
      // No extension, and no handler for SIGTERM: nobody has closed it.
      { shutdown: { containers: 1, connectionsLeft: 1 } },
    ])
    expect(stderr).toMatch(/^Database: \w+ [\d.]+, private/)
    expect(exitCode).toBe(0)
    expect(left).toEqual([[], []])
  })

  test('gives a function its own environment, timeout and memory, and what is given over them', async () => {
    const env = [
      '--env-from',
      write('fixture.env', 'C=file\nD=file\n'),
      '--env',
      'D=given',
      '--env',
      'DB_HOST=here',
    ]
    const args = [
      'invoke',
      'tell',
      '--event',
      '{"id":1}',
      '--no-database',
      '--json',
      '--concurrency',
      '2',
      ...env,
    ]
    const { exitCode, reports } = await ended([...args, '--times', '2'], { cwd: directory })
    const response = {
      event: { id: 1 },
      variables: ['provider', 'function', 'file', 'given'],
      name: 'fixture-dev-tell',
      url: 'none',
      memory: '256',
    }
    expect(reports()).toMatchObject([
      { start: 'cold', response: { ...response, count: 1 } },
      { start: 'cold', response: { ...response, count: 1 } },
      { start: 'warm', response: { ...response, count: 2 } },
      { start: 'warm', response: { ...response, count: 2 } },
    ])
    const [{ container, response: first, ...report }, other] = reports()
    expect(new Set([container, other.container])).toEqual(new Set([1, 2]))
    expect(first.left).toBeGreaterThan(6000)
    expect(first.left).toBeLessThanOrEqual(7000)
    expect(report).not.toHaveProperty('opened')
    expect(exitCode).toBe(0)
  })

  test('shows what the handler prints beside the table, and fails when the handler throws', async () => {
    const args = ['invoke', 'tell.ts:broken', '--no-database', '--times', '2']
    const { exitCode, stdout, stderr } = await ended(args, { cwd: directory })
    expect(stdout).toMatch(
      /^ *1 +cold .* TypeError: not today\n *2 +warm .* TypeError: not today\n2 invocations: 2 failed;/m,
    )
    expect(stderr).toMatch(/^ +│ .*not today/m)
    expect(exitCode).toBe(1)
  })

  test('says in one sentence why INIT failed, and invokes no more', async () => {
    const file = write('fails.ts', "export const handler = async () => 1\nthrow new RangeError('no setting')")
    const { exitCode, stdout, stderr } = await ended(['invoke', file, '--no-database', '--quiet', '-n', '3'])
    expect(stderr).toBe(`INIT of ${file} failed with RangeError: no setting.\n`)
    expect(stdout.match(/RangeError: no setting/g)).toHaveLength(1)
    expect(exitCode).toBe(3)
  })

  test('prepares the database with a .sql file, and says in one sentence why it could not', async () => {
    const setup = write('bad.sql', "CREATE TABLE kettles (id INT);\nINSERT INTO kettles VALUES (';');\n")
    const { exitCode, stdout, stderr } = await ended(['invoke', 'tell', '-q', '--setup', setup], {
      cwd: directory,
    })
    expect(stderr).toMatch(/^The setup \S+bad\.sql failed: Incorrect integer value: ';'[^\n]*\.\n$/)
    expect(stdout).toBe('')
    expect(exitCode).toBe(3)
  })

  test('with --watch it runs again when a source has changed, and goes on when it cannot be bundled', async () => {
    const file = write(
      'watched.ts',
      "import { text } from './text.ts'\nexport const handler = async () => text",
    )
    write('text.ts', "export const text = 'first'")
    await using program = new Program(['invoke', file, '--no-database', '--watch'])
    await program.prints(/"first"/)
    await program.prints(/Watching/)
    write('text.ts', "export const text = 'second'")
    await program.prints(/"second"/)
    await program.prints(/Watching/, 2)
    write('text.ts', 'export const text = ')
    await program.prints(/text\.ts:1: Unexpected end of file/)
    write('text.ts', "export const text = 'third'")
    await program.prints(/1 +cold .* "third"/)
    program.signal('SIGINT')
    expect(await program.exitCode).toBe(130)
    expect([program.left(), program.processes()]).toEqual([[], []])
  })

  test.each<[when: string, args: string[], moment: (program: Program) => Promise<void>]>([
    ['the database starts', [], (program) => program.hasBegun()],
    ['the handler is at work', ['--no-database'], (program) => program.prints(/│ .*busy/)],
    [
      'the container is frozen',
      ['-t', '50ms', '--freeze', '60s', '--times', '2', '--setup', SCHEMA],
      (program) => program.prints(/frozen for 60 s/),
    ],
  ])('Ctrl-C while %s leaves no process and no directory', async (_when, args, moment) => {
    await using program = new Program(['invoke', 'tell.ts:busy', '-t', '60s', ...args], { cwd: directory })
    await moment(program)
    program.signal('SIGINT')
    expect(await program.exitCode).toBe(130)
    expect(program.stderr).not.toMatch(/Error| {4}at /)
    await vi.waitFor(() => expect([program.left(), program.processes()]).toEqual([[], []]), { timeout: 5000 })
  })

  test('ends quietly when nobody reads what it prints', async () => {
    await using program = new Program(
      ['invoke', 'tell', '--no-database', '--times', '1000', '--env', 'DB_HOST=x'],
      { cwd: directory },
    )
    await program.prints(/2 +warm/)
    program.close()
    expect(await program.exitCode).toBe(141)
    expect(program.stderr).not.toMatch(/EPIPE| {4}at /)
  })
})
