import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { clock } from '../src/clock.ts'
import { createPool, type Pool, type PoolOptions } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { functionsOf } from './support/functions.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

// The wall clock can be set, and the monotonic one may stand still in a freeze: time is what either of them says, and never goes back.

const HOUR = 3_600_000
/** By how much each clock is off, milliseconds. */
let [wall, monotonic] = [0, 0]
const [dateNow, performanceNow] = [Date.now.bind(Date), performance.now.bind(performance)]

afterEach(() => {
  vi.restoreAllMocks()
  clock.now()
  ;[wall, monotonic] = [0, 0]
})

describe('by clocks that a test sets', () => {
  const START = 1_800_000_000_000
  beforeEach(() => {
    ;[wall, monotonic] = [START, 5000]
    vi.spyOn(Date, 'now').mockImplementation(() => wall)
    vi.spyOn(performance, 'now').mockImplementation(() => monotonic)
  })

  /** How far time has gone when both clocks have. */
  function passed(ofWall: number, ofMonotonic: number): number {
    const before = clock.now()
    wall += ofWall
    monotonic += ofMonotonic
    return clock.now() - before
  }

  test.each<[what: string, wall: number, monotonic: number, passed: number]>([
    ['both go on', 1000, 1000, 1000],
    ['the wall clock is set back', 10 - HOUR, 10, 10],
    ['the wall clock is set forward, as a freeze looks in which the other stood still', HOUR, 10, HOUR],
    ['the wall clock stands still, or is slowed down', 0, HOUR, HOUR],
  ])('%s', (_, ofWall, ofMonotonic, time) => {
    expect(passed(ofWall, ofMonotonic)).toBe(time)
  })

  test('a clock that was set back counts what it does from then on', () => {
    passed(-HOUR, 0)
    expect(passed(1000, 1000)).toBe(1000)
    expect(passed(HOUR / 2, 0)).toBe(HOUR / 2)
  })

  test('that the wall clock knows whole milliseconds only adds up to nothing', () => {
    const before = clock.now()
    for (let read = 0; read < 10_000; read++) {
      monotonic += 0.37
      wall = START + Math.floor(monotonic - 5000)
      clock.now()
    }
    expect(clock.now() - before).toBeCloseTo(3700, 0)
  })

  test('whatever they do, it never goes back, and is never behind either by more than the wall clock may jitter', () => {
    const seed = Number(process.env.SEED ?? Date.now() % 1_000_000) + (dateNow() % 1000)
    let state = seed
    const random = () => {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
      return state / 2 ** 32
    }
    for (let step = 0; step < 2000; step++) {
      const [ofWall, ofMonotonic] = [(random() - 0.4) * 10 ** (random() * 7), random() * 10 ** (random() * 5)]
      const time = passed(ofWall, ofMonotonic)
      const at = `seed ${seed}, step ${step}: wall ${ofWall}, monotonic ${ofMonotonic}`
      expect(time, at).toBeGreaterThanOrEqual(Math.max(0, ofMonotonic) - 0.01)
      expect(time, at).toBeGreaterThanOrEqual(ofWall - 100.01)
      expect(time, at).toBeLessThanOrEqual(Math.max(ofMonotonic, ofWall) + 0.01)
    }
  })
})

const server = databaseForFile({ tls: false })

describe('by real clocks that are shifted', () => {
  let pool: Pool
  let proxy: TcpProxy
  beforeEach(async () => {
    vi.spyOn(Date, 'now').mockImplementation(() => dateNow() + wall)
    vi.spyOn(performance, 'now').mockImplementation(() => performanceNow() + monotonic)
    proxy = await TcpProxy.to(server.current)
  })
  afterEach(async () => {
    proxy.toClient.letGo()
    await pool.end({ timeout: 200 })
    await proxy[Symbol.asyncDispose]()
  })

  function open(options: PoolOptions = {}): void {
    const connection = proxy.url(server.current.url)
    pool = createPool({ connection, connectionLimit: 1, onLeak: 'ignore', ...options })
  }
  const opened = async () => {
    await pool.query('SELECT 1')
    return pool.stats().opened
  }

  test('idle connections are neither thrown away nor kept for ever when the wall clock was set back', async () => {
    open()
    expect(await opened()).toBe(1)
    wall -= HOUR
    expect(await opened()).toBe(1)
    monotonic += 290_000
    expect(await opened()).toBe(1)
    monotonic += 310_000 // longer than idleTimeout
    expect(await opened()).toBe(2)
  })

  test('idle connections are old when the wall clock was set forward, as after a pause of the whole machine', async () => {
    open()
    expect(await opened()).toBe(1)
    wall += HOUR
    expect(await opened()).toBe(2)
  })

  test('connecting has its time when the wall clock is set back in the middle, and no more', async () => {
    open({ connectTimeout: 400 })
    proxy.toClient.hold()
    const asked = pool.query('SELECT 1')
    const refused = expect(asked).rejects.toMatchObject({ code: 'CONNECT_FAILED' })
    await vi.waitFor(() => expect(proxy.opened).toBe(1))
    wall -= HOUR
    await refused
  })

  test.each([-HOUR, HOUR])('connecting is not charged for a step of the wall clock (%i ms)', async (step) => {
    open({ connectTimeout: 5000 })
    proxy.toClient.hold()
    const asked = pool.query('SELECT 1 AS one')
    await vi.waitFor(() => expect(proxy.opened).toBe(1))
    wall += step
    await new Promise((resolve) => setTimeout(resolve, 150))
    proxy.toClient.letGo()
    expect((await asked)[0]).toEqual([{ one: 1 }])
  })

  test('the deadline holds when the wall clock is set back in the middle of an invocation', async () => {
    open({ deadlineMargin: 100 })
    vi.spyOn(console, 'warn').mockImplementation(() => {})
    await pool.query('SELECT 1')
    const told = ({ code, outcome }: { code: string; outcome: string }) => `${code} ${outcome}`
    const handler = pool.wrap(async (_event: unknown, _context: object) => {
      wall -= HOUR
      const inTime = await pool.query('SELECT 1')
      const stopped = await pool.query('SELECT SLEEP(20)').catch(told)
      return [inTime[0], stopped, await pool.query('SELECT 2').catch(told)]
    })
    const [rows, stopped, late] = await handler({}, contextFor(600))
    expect(rows).toEqual([{ 1: 1 }])
    expect(stopped).toMatch(/^DEADLINE_EXCEEDED/)
    expect(late).toBe('DEADLINE_EXCEEDED not-sent')
  })

  test('nothing is sent past the deadline, though the wall clock says that there is time', async () => {
    open({ deadlineMargin: 100 })
    const handler = pool.wrap(async (_event: unknown, _context: object) => {
      const connection = await pool.getConnection()
      wall -= HOUR
      monotonic += 1000
      return connection.query('SELECT 3').catch(({ code, outcome }) => `${code} ${outcome}`)
    })
    expect(await handler({}, contextFor(600))).toBe('DEADLINE_EXCEEDED not-sent')
    expect(proxy.commands.map(({ text }) => text)).not.toContain('SELECT 3')
  })
})

describe('in a container', () => {
  const functions = functionsOf({ shifted: 'test/support/shifted-handler.ts' })

  test('whose wall clock is set back by an hour one connection is kept, set forward it is replaced; no invocation fails', async () => {
    const lambda = await functions.start('shifted', { database: server.current })
    const invoke = async (shift: number) => {
      const result = await lambda.invoke({ shift })
      expect(result).toMatchObject({ ok: true, response: { before: 1, after: 1 } })
      await lambda.freeze()
      return result.connections?.opened
    }
    const opened = []
    for (const shift of [0, -HOUR, 0, HOUR, 0]) opened.push(await invoke(shift))
    expect(opened).toEqual([1, 0, 0, 1, 0])
  })
})
