import { effectOfCall } from '../../src/policy/session.ts'
import { median } from './figure.ts'
import { takeOrders } from './orders.ts'

/** An order to look one statement up again and again. */
export interface Lookups {
  readonly length: number
  /** Whether each time by a string of its own, whose hash is not known yet. */
  readonly anew: boolean
}

/** Of one lookup. */
export interface Nanoseconds {
  readonly policy: number
  readonly map: number
}

const LOOKUPS = 2000
const ROUNDS = 200
/** While the JIT makes up its mind. */
const WARM_UP = 50

let known = 0

takeOrders(({ length, anew }: Lookups): Nanoseconds => {
  const words = wordsOf(length)
  const values = [1, 'a']
  const constant = words.join(' ')
  const map = new Map([[constant, 0]])
  const strings = () =>
    anew ? Array.from({ length: LOOKUPS }, () => words.join(' ')) : Array(LOOKUPS).fill(constant)
  const policies: number[] = []
  const maps: number[] = []
  for (let round = 0; round < ROUNDS; round++) {
    policies.push(timed(strings(), (sql) => effectOfCall(sql, values)))
    maps.push(timed(strings(), (sql) => map.get(sql) as number))
  }
  return { policy: median(policies.slice(WARM_UP)), map: median(maps.slice(WARM_UP)) }
})

function timed(strings: string[], look: (sql: string) => number): number {
  const start = process.hrtime.bigint()
  for (const sql of strings) known += look(sql)
  return Number(process.hrtime.bigint() - start) / strings.length
}

/** A statement as a query builder joins it; with a thousand others that are remembered. */
function wordsOf(length: number): string[] {
  for (let id = 0; id < 500; id++) effectOfCall(`SELECT * FROM other WHERE id = ${id}`, undefined)
  const words = [
    'select',
    'count(*)',
    'from',
    '`orders`',
    'where',
    '`id`',
    '=',
    '?',
    'and',
    '`name`',
    'in',
    '(?)',
  ]
  for (let id = 0; words.join(' ').length < length - 20; id++) words.push('or', `\`c${id}\``, '=', '?')
  const rest = length - words.join(' ').length - ' as `'.length - 1
  return rest > 0 ? [...words, `as \`${'x'.repeat(rest)}\``] : words
}

process.once('exit', () => known)
