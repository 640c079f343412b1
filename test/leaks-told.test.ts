import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolEvents } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'

const server = databaseForFile()
let pool: Pool
let told: PoolEvents['leak'][0][]
let lines: string[]

function listening(onLeak: 'warn' | 'throw' | 'ignore'): Pool {
  const listened = createPool({ connection: server.current.url, connectionLimit: 2, onLeak, name: onLeak })
  listened.on('leak', (leak) => told.push(leak))
  return listened
}

beforeEach(() => {
  ;[told, lines] = [[], []]
  vi.spyOn(console, 'warn').mockImplementation((line) => lines.push(line))
  pool = listening('warn')
})
afterEach(async () => {
  vi.restoreAllMocks()
  await pool.end({ timeout: 100 })
})

const invoke = <T>(work: () => Promise<T>, requestId: string, timeout = 10_000): Promise<T> =>
  pool.wrap((_event: unknown, _context: unknown) => work())({}, contextFor(timeout, requestId))

/** The statement has reached the server, which is at it. */
const running = (text: string) =>
  expect
    .poll(async () => (await server.current.connections()).some(({ Info }) => Info?.includes(text)))
    .toBe(true)
const infos = async () =>
  (await server.current.connections()).map(({ Info }) => Info).filter((info) => info !== null)

/** Work that does not come to its end. */
function forget(begun: () => void): Promise<unknown> {
  begun()
  return sleep(60_000, undefined, { ref: false })
}

/** What is left behind, by the name of the function that leaves it: its frame is the first of the stack. */
const leavers = {
  async leavesConnection() {
    await pool.getConnection()
  },
  async leavesConnectionOfCallback() {
    const begun = Promise.withResolvers<void>()
    pool.withConnection(() => forget(begun.resolve)).catch(() => {})
    await begun.promise
  },
  async leavesStream() {
    await once(pool.stream("SELECT seq, 'private' FROM seq_1_to_20000 WHERE seq < 77777"), 'readable')
  },
  async leavesTransaction() {
    const begun = Promise.withResolvers<void>()
    pool.transaction(() => forget(begun.resolve)).catch(() => {})
    await begun.promise
  },
}
const what = {
  leavesConnection: 'getConnection()',
  leavesConnectionOfCallback: 'withConnection()',
  leavesStream: 'SELECT seq, ? FROM seq_1_to_20000 WHERE seq < ?',
  leavesTransaction: 'transaction()',
}

describe.each(Object.entries(leavers))('%s', (name, leave) => {
  test('is told once, with the request and the line that asked for it, and counted each time', async () => {
    for (const requestId of ['first', 'second', 'third']) await invoke(leave, requestId)
    expect(told).toEqual([
      { requestId: 'first', what: what[name as keyof typeof what], stack: expect.any(String) },
    ])
    expect(told[0]?.stack?.split('\n')[0]).toMatch(/leaks-told\.test\.ts:\d+:\d+/)
    expect(told[0]?.stack).toMatch(name)
    expect(lines).toEqual([
      `warmpool: left behind by invocation first, and taken back: ${told[0]?.what}\n${told[0]?.stack}`,
    ])
    expect(pool.stats()).toMatchObject({ leaks: 3, opened: 1 })
  })
})

test('two places are told as two, and two statements as well', async () => {
  await invoke(async () => {
    await leavers.leavesConnection()
    await pool.getConnection()
  }, 'first')
  await invoke(() => leavers.leavesConnection(), 'second')
  for (const requestId of ['third', 'fourth'])
    await invoke(async () => {
      void pool.query("SELECT SLEEP(0.3), 'private'")
      void pool.query('SELECT SLEEP(0.3), 77777, 1')
      await running('SLEEP(0.3), 77777')
    }, requestId)
  expect(told.map(({ requestId, what }) => [requestId, what])).toEqual([
    ['first', 'getConnection()'],
    ['first', 'getConnection()'],
    ['third', 'SELECT SLEEP(?), ?'],
    ['third', 'SELECT SLEEP(?), ?, ?'],
  ])
  expect([lines.length, pool.stats().leaks]).toEqual([4, 7])
})

test('no value is told: not in the event, not on the log, not in the error', async () => {
  const errors: Error[] = []
  const text = "SELECT SLEEP(20), 'private', 77777, 0xdecade, ? /* private */ -- private"
  await invoke(async () => {
    pool.query(text, ['private']).catch((error) => errors.push(error))
    await running('private')
  }, 'first')
  expect(told).toEqual([
    { requestId: 'first', what: expect.stringMatching(/^SELECT SLEEP\(\?\)/), stack: undefined },
  ])
  const said = JSON.stringify([
    told,
    lines,
    errors.map(({ message, stack, cause }) => [message, stack, String(cause)]),
  ])
  expect(said).not.toMatch(/private|77777|decade/)
  expect([errors.length, lines.length]).toEqual([1, 1])
})

test('a statement that was sent has up to 1 s to come to its end, and is told', async () => {
  let answer: Promise<unknown> | undefined
  await invoke(async () => {
    answer = pool.query('SELECT SLEEP(0.4) AS nap')
    await running('SLEEP(0.4)')
  }, 'first')
  expect(await infos()).toEqual([])
  expect((await (answer as Promise<[unknown]>))[0]).toEqual([{ nap: 0 }])
  expect(told.map(({ what }) => what)).toEqual(['SELECT SLEEP(?) AS nap'])
  expect(pool.stats()).toMatchObject({ opened: 1, idle: 1 })
})

test('one that runs longer is stopped on the server, and its caller is told', async () => {
  let answer: Promise<unknown> | undefined
  const began = Date.now()
  await invoke(async () => {
    answer = pool.query('SELECT SLEEP(20)')
    answer.catch(() => {})
    await running('SLEEP(20)')
  }, 'first')
  expect(Date.now() - began).toBeLessThan(10_000)
  await expect(answer).rejects.toMatchObject({
    code: 'INVOCATION_ENDED',
    message: expect.stringMatching(
      /invocation first has ended: SELECT SLEEP\(\?\).*the server has stopped it/,
    ),
  })
  await expect.poll(infos).toEqual([])
  expect(told.map(({ requestId }) => requestId)).toEqual(['first'])
})

test('what was awaited, released or closed is not told', async () => {
  await invoke(async () => {
    await pool.query('SELECT 1')
    await pool.stream('SELECT 1').toArray()
    ;(await pool.getConnection()).release()
    await pool.transaction((tx) => tx.query('DO 1'))
    await pool.query('SELEC').catch(() => {})
  }, 'first')
  expect([told, lines, pool.stats().leaks]).toEqual([[], [], 0])
})

describe("onLeak 'ignore'", () => {
  test('tells nothing, and counts', async () => {
    await pool.end()
    pool = listening('ignore')
    await invoke(() => leavers.leavesConnection(), 'first')
    expect([told, lines, pool.stats().leaks]).toEqual([[], [], 1])
    expect(pool.stats()).toMatchObject({ inUse: 0, idle: 1 })
  })
})

describe("onLeak 'throw'", () => {
  beforeEach(async () => {
    await pool.end()
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', '127.0.0.1:9001')
    pool = listening('throw')
    vi.unstubAllEnvs()
  })

  test('fails each invocation that leaves something, and says what, without values', async () => {
    for (const requestId of ['first', 'second']) {
      const failed = invoke(async () => {
        void pool.query("SELECT SLEEP(0.3), 'private'")
        await leavers.leavesConnection()
      }, requestId)
      await expect(failed).rejects.toMatchObject({
        code: 'LEAK',
        statusCode: 500,
        message: `left behind by invocation ${requestId}, and taken back: SELECT SLEEP(?), ?, getConnection()`,
      })
    }
    expect(told.map(({ requestId }) => requestId)).toEqual(['first', 'first'])
  })

  test("the handler's own error says more", async () => {
    const failed = invoke(async () => {
      await leavers.leavesConnection()
      throw new Error('sold out')
    }, 'first')
    await expect(failed).rejects.toThrow('sold out')
    expect(told).toHaveLength(1)
  })

  test('what the start of the next invocation ends is told, and does not fail the next', async () => {
    const begun = Promise.withResolvers<void>()
    void invoke(async () => {
      await leavers.leavesConnection()
      await forget(begun.resolve)
    }, 'first')
    await begun.promise
    const [rows] = await invoke(() => pool.query('SELECT 1 AS one'), 'second')
    expect(rows).toEqual([{ one: 1 }])
    await expect.poll(() => told.map(({ requestId }) => requestId)).toEqual(['first'])
    expect(pool.stats()).toMatchObject({ inUse: 0, leaks: 1 })
  })
})
