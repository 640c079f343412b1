import { PassThrough, Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import middy, { type MiddlewareObj } from '@middy/core'
import { executionModeStreamifyResponse } from '@middy/core/StreamifyResponse'
import type { EndedBy } from '../../src/events.ts'
import mysqlPool, { type Connection, type Database, type Pool } from '../../src/index.ts'
import { contextFor } from './context.ts'

/** What told the end; `nobody` where nothing of ours is called, `nothing` where there was nothing to end. */
export type Told = EndedBy | 'nobody' | 'nothing'

/** Where mysqlPool stands among the others. */
export const ARRANGEMENTS = [
  'first in the chain',
  'last in the chain',
  'first, plugin',
  'last, plugin',
  'inside wrap()',
] as const
export type Arrangement = (typeof ARRANGEMENTS)[number]

type Handler = (kept: { connection?: Connection }) => unknown

/** A way for an invocation of middy's to be over. */
export interface Way {
  readonly name: string
  /** With mysqlPool first in the chain, and last in it. */
  readonly first: Told
  readonly last: Told
  /** With mysqlPool first in it and the plugin, where that makes a difference. */
  readonly plugin?: Told
  readonly other?: MiddlewareObj
  /** Of middy. */
  readonly options?: Record<string, unknown>
  readonly handler?: Handler
  /** Lambda's, milliseconds. */
  readonly timeout?: number
  /** Its connection has to be replaced. */
  readonly stopped?: true
}

const sold: Handler = async () => {
  throw new Error('sold out')
}
const forget: Handler = () => sleep(60_000, undefined, { ref: false })
const early = { timeoutEarlyInMillis: 9950 } // of 10 000

export const WAYS: Way[] = [
  { name: 'the handler returns', first: 'after', last: 'after' },
  { name: 'the handler throws', first: 'onError', last: 'onError', handler: sold },
  {
    name: 'the handler throws before it returns a promise',
    first: 'onError',
    last: 'onError',
    handler: () => {
      throw new Error('sold out')
    },
  },
  {
    name: 'another before answers',
    first: 'early response',
    last: 'nothing',
    other: { before: async () => 'early' },
  },
  {
    name: 'another before answers by request.earlyResponse',
    first: 'early response',
    last: 'nothing',
    other: {
      before: async (request) => {
        Object.assign(request, { earlyResponse: undefined })
      },
    },
  },
  { name: 'another before throws', first: 'onError', last: 'nothing', other: { before: throws } },
  {
    name: 'another after answers',
    first: 'early response',
    last: 'after',
    other: { after: async () => 'early' },
  },
  { name: 'another after throws', first: 'onError', last: 'after', other: { after: throws } },
  {
    name: 'another after throws when it has answered',
    first: 'onError',
    last: 'after',
    other: {
      after: async (request) => {
        Object.assign(request, { earlyResponse: 'early' })
        throw new Error('sold out')
      },
    },
  },
  {
    name: 'another onError answers',
    first: 'early response',
    last: 'onError',
    handler: sold,
    other: { onError: async () => 'sorry' },
  },
  {
    name: 'another onError answers by request.response',
    first: 'onError',
    last: 'onError',
    handler: sold,
    other: {
      onError: async (request) => {
        request.response = 'sorry'
      },
    },
  },
  {
    name: 'another onError throws',
    first: 'nobody',
    last: 'onError',
    plugin: 'requestEnd',
    handler: sold,
    other: { onError: throws },
  },
  {
    name: 'the early timeout throws while the handler goes on',
    first: 'onError',
    last: 'onError',
    timeout: 10_000,
    options: early,
    handler: forget,
  },
  {
    name: 'the early timeout answers while the handler goes on',
    first: 'after',
    last: 'after',
    timeout: 10_000,
    options: { ...early, timeoutEarlyResponse: () => 'late' },
    handler: forget,
  },
  {
    name: 'the deadline comes before the handler returns',
    first: 'after',
    last: 'after',
    timeout: 250,
    stopped: true,
    handler: async ({ connection }) => {
      await connection?.query('SELECT SLEEP(20)').catch(() => {})
    },
  },
  {
    name: 'the body is sent',
    first: 'response stream',
    last: 'response stream',
    options: { executionMode: executionModeStreamifyResponse },
    handler: async ({ connection }) => Readable.from(rows(connection)),
  },
]

/** Needs its connection after the handler has returned. */
async function* rows(connection: Connection | undefined) {
  yield 'first'
  await connection?.query('SELECT 1')
  yield 'second'
}

async function throws(): Promise<never> {
  throw new Error('not today')
}

export function toldBy(way: Way, arrangement: Arrangement): Told {
  if (arrangement === 'inside wrap()') return 'wrap'
  if (arrangement === 'first, plugin') return way.plugin ?? way.first
  return arrangement.startsWith('first') ? way.first : way.last
}

/**
 * The chain, as one call of it.
 *
 * @param leave what the invocation does before it comes to its end
 */
export function chainOf(
  pool: Pool,
  way: Way,
  arrangement: Arrangement,
  leave: (db: Database) => Promise<Connection>,
) {
  const kept: { connection?: Connection } = {}
  const leaving: MiddlewareObj = {
    before: async ({ context }) => {
      kept.connection = await leave((context as unknown as { db: Database }).db)
    },
  }
  const plugin = arrangement.endsWith('plugin') ? pool.plugin : {}
  const ours = [mysqlPool({ pool }) as unknown as MiddlewareObj, leaving]
  const others = way.other ? [way.other] : []
  const chain = arrangement.startsWith('last') ? [...others, ...ours] : [...ours, ...others]
  const handler = middy({ ...way.options, ...plugin } as object)
    .use(chain)
    .handler(() => way.handler?.(kept) ?? Promise.resolve('answered'))
  const called = (arrangement === 'inside wrap()' ? pool.wrap(handler) : handler) as (
    ...args: unknown[]
  ) => unknown
  const streams = way.options?.executionMode !== undefined
  return (requestId: string) => {
    const context = contextFor(way.timeout, requestId)
    return streams ? called({}, new PassThrough().resume(), context) : called({}, context)
  }
}
