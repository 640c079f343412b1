import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { Printed } from './support/lifecycle.ts'

const server = databaseForFile()

const POOL = `import { createPool } from 'warmpool'
  const pool = createPool({ shutdown: 'signals' })\n`

interface Program {
  child: ChildProcess
  printed: Printed
  /** How it ended: its exit code, or the signal that it died of. */
  ended: Promise<unknown>
}

const running: ChildProcess[] = []
afterEach(() => {
  for (const child of running.splice(0)) child.kill('SIGKILL')
})

/** A process of its own, which prints a line when it is ready. */
async function start(source: string): Promise<Program> {
  const env = { ...process.env, DATABASE_URL: server.current.url }
  const child = spawn(process.execPath, ['--input-type=module', '--eval', POOL + source], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  running.push(child)
  const printed = new Printed()
  for (const stream of [child.stdout, child.stderr])
    createInterface(stream as NonNullable<typeof stream>).on('line', (line) => printed.add(line))
  const ended = once(child, 'close').then(([code, signal]) => signal ?? code)
  return { child, printed, ended }
}

/** Resolves when the server runs such a statement. */
const runs = (text: string) =>
  expect
    .poll(() => server.current.connections().then((all) => all.some(({ Info }) => Info?.includes(text))))
    .toBe(true)

const noneLeft = () => expect.poll(() => server.current.connections()).toEqual([])

test('at SIGTERM a server answers the request under way, closes its connections and dies of it', async () => {
  const { child, printed, ended } = await start(`
      import { createServer } from 'node:http'
      createServer(async (request, response) => {
        const [[row]] = await pool.query("SELECT SLEEP(0.3), 'answered' AS text")
        response.end(row.text)
      }).listen(0, '127.0.0.1', function () { console.log('port', this.address().port) })`)
  const [, port] = await printed.line(/^port (\d+)/)
  const answer = fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })
  await runs('answered')
  child.kill('SIGTERM')
  expect(await (await answer).text()).toBe('answered')
  expect(await ended).toBe('SIGTERM')
  await noneLeft()
})

test('at SIGINT a script finishes the transaction that it is in, and nothing after it', async () => {
  await server.current.query('CREATE TABLE script (i INT)')
  const { child, ended } = await start(`
    const twoRows = (i) => pool.transaction(async (tx) => {
      await tx.query('INSERT INTO script VALUES (?)', [i])
      await tx.query('INSERT INTO script SELECT ? FROM (SELECT SLEEP(0.2)) AS slept', [i + 1])
    })
    for (let i = 0; ; i += 2) await twoRows(i)`)
  await runs('INSERT INTO script SELECT')
  child.kill('SIGINT')
  expect(await ended).toBe('SIGINT')
  const rows = await server.current.query('SELECT i FROM script ORDER BY i')
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.map(({ i }) => i)).toEqual(rows.map((_, i) => i))
  expect(rows.length % 2).toBe(0)
  await noneLeft()
})

test('a worker ends with its job, and not by an error of the next one', async () => {
  const { child, printed, ended } = await start(`
    for (;;) await pool.transaction((tx) => tx.query("SELECT SLEEP(0.2), 'job' AS text"))`)
  await runs('job')
  child.kill('SIGTERM')
  expect(await ended).toBe('SIGTERM')
  expect(printed.lines).toEqual([])
  await noneLeft()
})

test('the first process of a container, which no signal of its own kills, exits as if one had', async () => {
  const { child, printed, ended } = await start(`
    process.kill = () => true
    await pool.query('SELECT 1')
    setInterval(() => {}, 60_000)
    console.log('ready')`)
  await printed.line(/^ready/)
  child.kill('SIGTERM')
  expect(await ended).toBe(128 + 15)
  await noneLeft()
})

test('a second signal stops what the first one waits for', async () => {
  const { child, printed, ended } = await start(`
    pool.query('SELECT SLEEP(60)').catch(({ code, cause, message }) => console.log(code, cause.errno, message))
    process.on('SIGTERM', () => console.log('heard'))`)
  await runs('SLEEP')
  child.kill('SIGTERM')
  await printed.line(/^heard/)
  await printed.line(/SIGTERM: waiting for what still runs on the database; a second one stops it/)
  expect(await server.current.connections()).toHaveLength(1)
  child.kill('SIGINT')
  expect(await ended).toBe('SIGINT')
  expect(printed.count(/^POOL_ENDED 1317 .*the pool has ended, without waiting/)).toBe(1) // the first signal has given it 5000
  await noneLeft()
})

test('a listener of the program, also one that was there first and listens once, decides about its end', async () => {
  const { child, printed, ended } = await start(`
    await pool.end() // the pool of this program is made when its listener is there
    process.once('SIGTERM', () => {
      const waiting = setInterval(async () => {
        if (late.stats().total > 0) return
        clearInterval(waiting)
        await new Promise((resolve) => setTimeout(resolve, 100)) // its pool has ended, and it goes on
        console.log('of its own accord')
        process.exitCode = 7
      }, 5)
    })
    const late = createPool({ shutdown: 'signals' })
    await late.query('SELECT 1')
    console.log('ready')`)
  await printed.line(/^ready/)
  child.kill('SIGTERM')
  expect(await ended).toBe(7)
  expect(printed.count(/of its own accord/)).toBe(1)
  await noneLeft()
})

describe('two copies of the package in one program', () => {
  const directory = mkdtempSync(join(tmpdir(), 'second-copy-'))
  const root = join(import.meta.dirname, '..')
  cpSync(join(root, 'dist'), join(directory, 'dist'), { recursive: true })
  writeFileSync(join(directory, 'package.json'), '{ "type": "module" }')
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const OTHER = `const copy = await import(${JSON.stringify(join(directory, 'dist/index.js'))})
    const other = copy.createPool({ shutdown: 'signals', name: 'other' })
    if (copy.createPool === createPool) throw new Error('it is the same')
    const counts = () => ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal)).join(' ')\n`

  test('listen once, and as long as one of them has a pool', async () => {
    const { printed, ended } = await start(`${OTHER}
      console.log('listening', counts())
      await pool.end()
      console.log('one left', counts())
      await other.end()
      console.log('over', counts())`)
    expect(await ended).toBe(0)
    expect(printed.lines).toEqual(['listening 1 1', 'one left 1 1', 'over 0 0'])
  })

  test('do not take each other for the program, which dies when both have ended', async () => {
    const { child, ended } = await start(`${OTHER}
      await Promise.all([pool, other].map((one) => one.query("SELECT SLEEP(0.2) AS both_run")))
      setInterval(() => {}, 60_000)`)
    await runs('both_run')
    child.kill('SIGTERM')
    expect(await ended).toBe('SIGTERM')
    await noneLeft()
  })
})

test('without the option nothing listens', async () => {
  const before = process.listenerCount('SIGTERM')
  const pool = createPool({ connection: server.current.url })
  expect(process.listenerCount('SIGTERM')).toBe(before)
  await pool.end()
})
