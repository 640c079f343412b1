import { once } from 'node:events'
import { setTimeout as pause } from 'node:timers/promises'
import {
  type Connection,
  createPool,
  type Pool,
  type PoolOptions,
  type WarmpoolError,
} from '../../src/index.ts'
import { contextFor } from './context.ts'
import { TIME } from './sleeping-times.ts'

// What a process does that is put to sleep in the middle: each scene has a pool of its own. Its time is over when it wakes.

export interface Scene {
  readonly options?: PoolOptions
  /** Whether the pool has its connection before. */
  readonly cold?: boolean
  /** Before the time starts. */
  readonly before?: (pool: Pool) => Promise<unknown>
  /** In the middle of it the process is put to sleep. */
  readonly run: (pool: Pool) => Promise<unknown>
}

/** Held before the time starts, by pool. */
const held = new Map<Pool, Connection>()

export const scenes = {
  'waits for a connection': {
    options: { acquireTimeout: TIME },
    run: (pool) => Promise.all([one(pool, 1), one(pool, 2)]),
  },
  'is being connected': { options: { connectTimeout: TIME }, cold: true, run: (pool) => one(pool, 1) },
  'is being connected, and is cut off': {
    options: { connectTimeout: TIME },
    cold: true,
    run: (pool) => one(pool, 1),
  },
  'is being connected, and never hears again': {
    options: { connectTimeout: TIME },
    cold: true,
    run: (pool) => one(pool, 1),
  },
  'is validated': {
    options: { validateAfter: 0, validateTimeout: TIME },
    run: (pool) => one(pool, 1),
  },
  'is validated, and dies when it has answered': {
    options: { validateAfter: 0, validateTimeout: TIME },
    run: (pool) => one(pool, 1),
  },
  'is validated with time to spare, and dies when it has answered': {
    options: { validateAfter: 0, validateTimeout: 60_000 },
    run: (pool) => one(pool, 1),
  },
  'is answered after the deadline': {
    options: { deadlineMargin: 100 },
    run: (pool) => {
      const work = async () => [await one(pool, 1), await one(pool, 2).catch(told)]
      return pool.wrap((_event: unknown, _context: object) => work())({}, contextFor(TIME + 100))
    },
  },
  'is answered after its own timeout': {
    run: async (pool) => (await pool.query({ sql: 'SELECT 1 AS n', timeout: TIME }))[0][0]?.n,
  },
  'is left running by an invocation': {
    run: async (pool) => {
      let left: Promise<unknown> | undefined
      const handler = pool.wrap(async (_event: unknown, _context: object) => {
        const acquired = once(pool, 'acquire')
        left = one(pool, 1).catch(told)
        await acquired
      })
      await handler({}, contextFor(60_000))
      return [await left, await one(pool, 2)]
    },
  },
  'is being cleaned': {
    before: begin,
    run: async (pool) => {
      held.get(pool)?.release()
      return one(pool, 1)
    },
  },
  'is answered after the end had time for it': {
    run: async (pool) => {
      const asked = one(pool, 1).catch(told)
      await pool.end({ timeout: TIME })
      return asked
    },
  },
  'is held for longer than anybody looks': {
    options: { session: { wait_timeout: (3 * TIME) / 1000 } },
    before: begin,
    run: async (pool) => {
      const result = await goOn(pool)
      await held.get(pool)?.commit()
      return result
    },
  },
  'is held for longer than the server keeps it': {
    options: { session: { wait_timeout: 1 } },
    before: begin,
    run: async (pool) => {
      const lost = await goOn(pool)
      held.get(pool)?.release()
      return [lost, await one(pool, 2)]
    },
  },
} satisfies Record<string, Scene> as Record<string, Scene>

/** Errors cannot be sent. */
const told = ({ code, outcome, message }: WarmpoolError) => ({ code, outcome, message })

async function one(pool: Pool, number: number): Promise<unknown> {
  const [rows] = await pool.query('SELECT ? AS n', [number])
  return rows[0]?.n
}

async function begin(pool: Pool): Promise<void> {
  const connection = await pool.getConnection()
  held.set(pool, connection)
  await connection.query('START TRANSACTION')
}

/** When it has woken, and what had come has been read. */
async function goOn(pool: Pool): Promise<unknown> {
  await pause(TIME)
  await pause(20)
  return held
    .get(pool)
    ?.query('SELECT 1 AS n')
    .then(([[row]]) => row?.n, told)
}

/** From the parent: prepare the scene there, or go. */
interface Told {
  readonly prepare?: { readonly scene: string; readonly url: string }
  readonly go?: true
}

const ready: { scene: string; pool: Pool }[] = []

async function prepare(scene: string, url: string): Promise<void> {
  const { options, cold, before } = scenes[scene] as Scene
  const pool = createPool({
    connection: url,
    name: scene,
    connectionLimit: 1,
    validateAfter: 60_000,
    onLeak: 'ignore',
    ...options,
  })
  if (!cold) await pool.query('SELECT 0')
  await before?.(pool)
  ready.push({ scene, pool })
  process.send?.({ ready: scene })
}

async function play(scene: string, pool: Pool): Promise<void> {
  const result = await (scenes[scene] as Scene).run(pool).catch(told)
  process.send?.({ played: scene, result, opened: pool.stats().opened })
}

process.on('message', ({ prepare: wanted, go }: Told) => {
  if (wanted) void prepare(wanted.scene, wanted.url)
  if (go) for (const { scene, pool } of ready) void play(scene, pool)
})
