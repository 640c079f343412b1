import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { afterEach, expect, test } from 'vitest'
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
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  running.push(child)
  const printed = new Printed()
  createInterface(child.stdout as NonNullable<typeof child.stdout>).on('line', (line) => printed.add(line))
  const ended = once(child, 'close').then(([code, signal]) => signal ?? code)
  return { child, printed, ended }
}

/** Resolves when the server runs such a statement. */
const runs = (text: string) =>
  expect
    .poll(() => server.current.connections().then((all) => all.some(({ Info }) => Info?.includes(text))))
    .toBe(true)

const noneLeft = () => expect.poll(() => server.current.connections()).toEqual([])

test.each(['SIGTERM', 'SIGINT'] as const)(
  'at %s a server answers the request under way, closes its connections and dies of it',
  async (signal) => {
    const { child, printed, ended } = await start(`
      import { createServer } from 'node:http'
      createServer(async (request, response) => {
        const [[row]] = await pool.query("SELECT SLEEP(0.3), 'answered' AS text")
        response.end(row.text)
      }).listen(0, '127.0.0.1', function () { console.log('port', this.address().port) })`)
    const [, port] = await printed.line(/^port (\d+)/)
    const answer = fetch(`http://127.0.0.1:${port}`, { headers: { connection: 'close' } })
    await runs('answered')
    child.kill(signal)
    expect(await (await answer).text()).toBe('answered')
    expect(await ended).toBe(signal)
    await noneLeft()
  },
)

test('a script finishes the transaction that it is in, and nothing after it', async () => {
  await server.current.query('CREATE TABLE script (i INT)')
  const { child, ended } = await start(`
    for (let i = 0; ; i += 2)
      await pool.transaction(async (tx) => {
        await tx.query('INSERT INTO script VALUES (?)', [i])
        await tx.query('INSERT INTO script SELECT ? FROM (SELECT SLEEP(0.2)) AS slept', [i + 1])
      })`)
  await runs('INSERT INTO script SELECT')
  child.kill('SIGTERM')
  expect(await ended).not.toBe('SIGKILL')
  const rows = await server.current.query('SELECT i FROM script ORDER BY i')
  expect(rows.length).toBeGreaterThan(0)
  expect(rows.map(({ i }) => i)).toEqual(rows.map((_, i) => i))
  expect(rows.length % 2).toBe(0)
  await noneLeft()
})

test('a second signal stops what the first one waits for', async () => {
  const { child, printed, ended } = await start(`
    pool.query('SELECT SLEEP(60)').catch(({ code, cause }) => console.log(code, cause.errno))
    process.on('SIGTERM', () => console.log('heard'))`)
  await runs('SLEEP')
  child.kill('SIGTERM')
  await printed.line(/^heard/)
  expect(await server.current.connections()).toHaveLength(1)
  child.kill('SIGINT')
  expect(await ended).toBe('SIGINT')
  expect(printed.count(/^POOL_ENDED 1317$/)).toBe(1)
  await noneLeft()
})

test.each([
  ['a listener', 'on'],
  ['one that listens once', 'once'],
])('%s of the program decides about its end', async (_what, method) => {
  const { child, printed, ended } = await start(`
    await pool.query('SELECT 1')
    process.${method}('SIGTERM', () => {
      const waiting = setInterval(async () => {
        if (pool.stats().total > 0) return
        clearInterval(waiting)
        await new Promise((resolve) => setTimeout(resolve, 100)) // its pool has ended, and it goes on
        console.log('of its own accord')
        process.exitCode = 7
      }, 5)
    })
    console.log('ready')
    setTimeout(() => {}, 60_000).unref()
    await new Promise((resolve) => process.on('beforeExit', resolve).once('SIGTERM', resolve))`)
  await printed.line(/^ready/)
  child.kill('SIGTERM')
  expect(await ended).toBe(7)
  expect(printed.count(/of its own accord/)).toBe(1)
  await noneLeft()
})

test('the listeners of all pools, also of another copy of the package, are gone with the last of them', async () => {
  const { printed, ended } = await start(`
    import { cpSync, mkdirSync } from 'node:fs'
    const counts = () => ['SIGTERM', 'SIGINT'].map((signal) => process.listenerCount(signal)).join(' ')
    const other = createPool({ shutdown: 'signals', name: 'other' })
    console.log('listening', counts())
    await pool.end()
    console.log('one left', counts())
    await other.end()
    console.log('over', counts())`)
  expect(await ended).toBe(0)
  expect(printed.lines).toEqual(['listening 1 1', 'one left 1 1', 'over 0 0'])
})

test('without the option nothing listens', async () => {
  const before = process.listenerCount('SIGTERM')
  const pool = createPool({ connection: server.current.url })
  expect(process.listenerCount('SIGTERM')).toBe(before)
  await pool.end()
})
