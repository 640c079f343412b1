import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { expect, vi } from 'vitest'
import { clock } from '../../../src/clock.ts'
import { type Connection, createPool, type Pool } from '../../../src/index.ts'
import { contextFor } from '../context.ts'
import type { Database } from '../database.ts'
import { sampleConnections } from '../sample-connections.ts'
import type { Left, World } from './commands.ts'
import { type Asker, Ledger } from './ledger.ts'
import { pick } from './pick.ts'
import { LOOK, leaveTraces, seenIn, tracesIn } from './traces.ts'

/** What the most patient wait, milliseconds. */
const LONG = 10_000

/** What may become of a statement in a world where connections are killed and deadlines pass. */
const EXPECTED = new Set([
  'PROTOCOL_CONNECTION_LOST',
  'ECONNRESET',
  'EPIPE',
  'CONNECT_FAILED',
  'DEADLINE_EXCEEDED',
  'INVOCATION_ENDED',
  'CONNECTION_RELEASED',
  'POOL_ENDED',
])

/** Waits for a connection until told to give up; has it until told to give it back. */
class User implements Asker {
  readonly number: number
  readonly givesUp = Promise.withResolvers<undefined>()
  readonly givesBack = Promise.withResolvers<Left>()
  connection: Connection | undefined

  constructor(number: number) {
    this.number = number
  }

  get name(): string {
    return `user ${this.number}`
  }
}

/** The public API on a server. What one step starts goes on while others follow. Each user is an invocation. */
export class ServerWorld implements World {
  readonly ledger = new Ledger<User>()
  readonly #database: Database
  readonly #limit: number
  readonly #pool: Pool
  readonly #samples: ReturnType<typeof sampleConnections>
  readonly #users: User[] = []
  readonly #underWay: Promise<unknown>[] = []
  readonly #violations: string[] = []
  #frozen = 0

  constructor(database: Database, connectionLimit: number) {
    this.#database = database
    this.#limit = connectionLimit
    this.#pool = createPool({
      connection: database.url,
      connectionLimit,
      deadlineMargin: 0,
      onLeak: 'ignore',
    })
    this.#samples = sampleConnections(database)
    vi.spyOn(clock, 'now').mockImplementation(() => Date.now() + this.#frozen)
  }

  acquire(patience: number): void {
    const user = new User(this.#users.length)
    this.#users.push(user)
    this.ledger.asks(user)
    this.#invoke(patience, () => this.#use(user))
  }

  query(callers: number, patience: number): void {
    const look = async () => {
      const [rows] = await this.#pool.query(LOOK)
      this.#report('a query', seenIn(rows))
    }
    for (let caller = 0; caller < callers; caller++) this.#invoke(patience, look)
  }

  release(which: number, left: Left): void {
    pick(this.ledger.holding.keys(), which)?.givesBack.resolve(left)
  }

  fail(which: number): void {
    const failed = pick(this.ledger.holding.keys(), which)?.connection?.query('SELECT 1 FROM nowhere')
    if (failed) this.#follow(failed)
  }

  kill(which: number): void {
    this.#follow(this.#kill(which, () => true))
  }

  thaw(gap: number, victims: number): void {
    this.#frozen += gap
    for (let at = 0; at < this.#limit; at++)
      if (victims & (1 << at)) this.#follow(this.#kill(at, ({ Command }) => Command === 'Sleep'))
  }

  async pass(time: number): Promise<void> {
    this.#frozen += time
    await sleep(Math.min(time, 20))
  }

  abandon(which: number): void {
    pick(this.ledger.waiting, which)?.givesUp.resolve(undefined)
  }

  end(): void {
    this.ledger.ended = true
    this.#follow(this.#pool.end())
  }

  async judge(): Promise<void> {
    await turn()
    const { total } = this.#pool.stats()
    if (total > this.#limit) this.#violations.push(`${total} connections, where ${this.#limit} are allowed`)
    if (this.#violations.length > 0) throw new Error(this.#violations.join('\n'))
  }

  /** Everybody comes to an end, and then nothing is left. */
  async conclude(): Promise<void> {
    let most = 0
    try {
      await this.#settle()
    } finally {
      most = (await this.#samples.stop()).most
    }
    expect(most, 'sessions in the process list').toBeLessThanOrEqual(this.#limit)
    await expect.poll(() => this.#database.connections(), { timeout: 5000 }).toEqual([])
    expect(await this.#database.query('SELECT * FROM uncommitted')).toEqual([])
  }

  async #settle(): Promise<void> {
    for (const user of this.#users) user.givesBack.resolve('nothing')
    await this.#followed()
    await expect.poll(() => this.#pool.stats().inUse, { timeout: 2000 }).toBe(0)
    await this.#pool.end()
    expect(this.#pool.stats().total).toBe(0)
    await this.judge()
  }

  async #followed(): Promise<void> {
    const late = sleep(2 * LONG, undefined, { ref: false }).then(() => {
      throw new Error(`not everything has settled: ${JSON.stringify(this.#pool.stats())}`)
    })
    for (let settled = 0; settled < this.#underWay.length; ) {
      const all = await Promise.race([Promise.all(this.#underWay), late])
      settled = all.length
    }
    late.catch(() => {})
  }

  async #use(user: User): Promise<void> {
    const connection = await Promise.race([this.#pool.getConnection(), user.givesUp.promise])
    if (!connection) return
    try {
      this.ledger.granted(user, connection.threadId)
      user.connection = connection
      this.#report(user.name, await tracesIn(connection, this.#database))
      await leaveTraces(connection, await user.givesBack.promise)
    } finally {
      this.ledger.gaveBack(user)
      if (user.number % 2 === 0) connection.release() // the others leave it to the end of their invocation
    }
  }

  #invoke(patience: number, work: () => Promise<void>): void {
    const handler = this.#pool.wrap((_event: unknown, _context: unknown) => work())
    this.#follow(handler({}, contextFor(Math.min(patience, LONG))))
  }

  async #kill(which: number, eligible: (session: { Command: string }) => boolean): Promise<void> {
    const victim = pick((await this.#database.connections()).filter(eligible), which)
    if (victim) await this.#database.query(`KILL ${victim.Id}`)
  }

  /** Sees to it that it settles, and how. */
  #follow(started: Promise<unknown>): void {
    const followed = started.catch((error: Error & { code?: string }) => {
      const expected = EXPECTED.has(error.code ?? '') || /ER_NO_SUCH_T/.test(error.code ?? '')
      if (!expected) this.#violations.push(`${error.code}: ${error.stack}`)
    })
    this.#underWay.push(followed)
  }

  #report(who: string, seen: string[]): void {
    for (const trace of seen) this.#violations.push(`${who} sees somebody's ${trace}`)
  }
}
