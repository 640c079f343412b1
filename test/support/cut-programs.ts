import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import type { Pool } from '../../src/index.ts'
import { newNote, type Place } from './cut-exchange.ts'
import type { TcpProxy } from './tcp-proxy.ts'

type Method = 'query' | 'execute'
type Told = PromiseSettledResult<unknown>

/** What can be done with a pool. */
export type Step =
  | { readonly do: 'statement'; readonly method: Method; readonly refused: boolean }
  /** Several statements on one connection at once, which is given back when they are answered, or at once. */
  | { readonly do: 'line'; readonly methods: readonly Method[]; readonly awaited: boolean }
  | {
      readonly do: 'transaction'
      readonly methods: readonly Method[]
      readonly end: End
      readonly retries: number
    }
  /** Its last statement is in a transaction inside it. */
  | { readonly do: 'nested'; readonly methods: readonly Method[] }
type End = 'return' | 'throw' | 'refused' | 'return, whatever failed'

export interface Program {
  readonly connectionLimit: number
  /** Whether a connection is there when it starts. */
  readonly warm: boolean
  /** Each is done step by step, beside the others. */
  readonly callers: readonly (readonly Step[])[]
  /** One after another. */
  readonly cuts: readonly Place[]
}

const method = fc.constantFrom<Method>('query', 'execute')
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('statement' as const),
    method,
    refused: fc.constantFrom(false, false, false, true),
  }),
  fc.record({
    do: fc.constant('line' as const),
    methods: fc.array(method, { minLength: 2, maxLength: 4 }),
    awaited: fc.boolean(),
  }),
  fc.record({
    do: fc.constant('transaction' as const),
    methods: fc.array(method, { minLength: 1, maxLength: 3 }),
    end: fc.constantFrom<End>('return', 'return', 'throw', 'refused', 'return, whatever failed'),
    retries: fc.constantFrom(0, 2),
  }),
  fc.record({
    do: fc.constant('nested' as const),
    methods: fc.array(method, { minLength: 2, maxLength: 3 }),
  }),
)
const place: fc.Arbitrary<Place> = fc.record({
  way: fc.constantFrom('toServer', 'toClient'),
  how: fc.constantFrom('FIN', 'RST'),
  // In the statements of a connection that is there, in those of one that has first to be opened, and anywhere.
  after: fc.oneof(fc.nat(60), fc.integer({ min: 140, max: 300 }), fc.nat(600)),
})

export const programs: fc.Arbitrary<Program> = fc.record({
  connectionLimit: fc.integer({ min: 1, max: 2 }),
  warm: fc.boolean(),
  callers: fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
  cuts: fc.array(place, { minLength: 1, maxLength: 4 }),
})

/** One call, and the notes that it has inserted if it is done. */
export interface Call {
  readonly told: Told
  readonly notes: readonly string[]
  /** Its transaction must not have been committed, whatever it was told. */
  readonly never: boolean
}

const TEXTS = { query: 'INSERT INTO notes VALUES (?)', execute: 'INSERT INTO notes (note) VALUES (?)' }
/** A note is not NULL. */
const REFUSED = 'INSERT INTO notes VALUES (?), (NULL)'

type Runs = Pick<Pool, Method>

function insert(on: Runs, how: Method, note: string, refused = false): Promise<unknown> {
  const text = refused ? REFUSED : TEXTS[how]
  return how === 'query' ? on.query(text, [note]) : on.execute(text, [note])
}

async function call(run: Promise<unknown>, notes: readonly string[], never = false): Promise<Call> {
  const [told] = await Promise.allSettled([run])
  return { told: told as Told, notes, never }
}

async function take(pool: Pool, step: Step): Promise<Call[]> {
  if (step.do === 'statement') {
    const note = newNote()
    return [await call(insert(pool, step.method, note, step.refused), [note], step.refused)]
  }
  const notes = step.methods.map(newNote)
  if (step.do === 'transaction')
    return [await call(transact(pool, step, notes), notes, !step.end.startsWith('return'))]
  if (step.do === 'nested') return [await call(nest(pool, step, notes), notes)]
  return standInLine(pool, step, notes)
}

async function standInLine(
  pool: Pool,
  { methods, awaited }: Step & { do: 'line' },
  notes: string[],
): Promise<Call[]> {
  let lent: Awaited<ReturnType<Pool['getConnection']>>
  try {
    lent = await pool.getConnection()
  } catch (error) {
    return [await call(Promise.reject(error), notes)]
  }
  const calls = methods.map((method, i) =>
    call(insert(lent, method, notes[i] as string), [notes[i] as string]),
  )
  if (awaited) await Promise.all(calls)
  lent.release()
  return Promise.all(calls)
}

function transact(
  pool: Pool,
  { methods, end, retries }: Step & { do: 'transaction' },
  notes: string[],
): Promise<unknown> {
  const work = async (tx: Runs) => {
    for (const [i, method] of methods.entries()) {
      const inserted = insert(tx, method, notes[i] as string)
      await (end === 'return, whatever failed' ? inserted.catch(() => {}) : inserted)
    }
    if (end === 'refused') await insert(tx, 'query', 'none', true)
    if (end === 'throw') throw Object.assign(new Error('sold out'), { outcome: 'not-sent' })
  }
  return pool.transaction(work, { retries })
}

function nest(pool: Pool, { methods }: Step & { do: 'nested' }, notes: string[]): Promise<unknown> {
  const [last, ...others] = methods.map((method, i) => (tx: Runs) => insert(tx, method, notes[i] as string))
  return pool.transaction(async (tx) => {
    for (const other of others) await other(tx)
    await pool.transaction((inner) => (last as (tx: Runs) => Promise<unknown>)(inner))
  })
}

/** Does it all, while one connection after the other is cut. */
export async function runProgram(pool: Pool, proxy: TcpProxy, program: Program): Promise<Call[]> {
  const { warm, callers, cuts } = program
  if (warm) await pool.query('SELECT 1')
  let over = false
  const cutting = (async () => {
    for (const { after, way, how } of cuts) if (!over) await proxy.cutAfter(after, way, how)
  })()
  const calls = await Promise.all(callers.map((steps) => takeAll(pool, steps)))
  over = true
  if (!proxy.callOff()) await cutting
  for (const _ of [1, 2]) await turn() // a whole turn of the event loop, in which the client's end hears of it
  return calls.flat()
}

async function takeAll(pool: Pool, steps: readonly Step[]): Promise<Call[]> {
  const calls: Call[] = []
  for (const step of steps) calls.push(...(await take(pool, step)))
  return calls
}
