/** Each rule of the chaos run's judge, with a history that keeps it and one that breaks it. */
import { expect, test } from 'vitest'
import type { Told } from '../chaos/handlers/reports.ts'
import type { History } from '../chaos/judge/history.ts'
import type { ConnectionStep, Op, TransactionStep, Write } from '../chaos/script/script.ts'
import {
  asked,
  begin,
  body,
  broken,
  clean,
  end,
  failed,
  row,
  type Sketch,
  sent,
  told,
  type Unfinished,
  well,
} from './support/chaos-history.ts'

const write: Write = { do: 'write', id: '', by: 'query', slow: 0 }
const alone: Op = { ...write, care: 'await' }
const transaction = (...steps: TransactionStep[]): Op => ({
  do: 'transaction',
  id: '',
  steps,
  throws: false,
  care: 'await',
})
const connection = (...steps: ConnectionStep[]): Op => ({ do: 'connection', id: '', steps, after: 'release' })

const one = { programs: [[alone]] }
const two = transaction(write, write)
/** A transaction of two writes that was committed. */
const committed = [asked('1.0'), ...well('1.1'), ...well('1.2'), body('1.0'), told('1.0')]
const nested = transaction({ do: 'nest', id: '', throws: false, steps: [write] }, write)
/** Its inner part failed, and the rest was committed. */
const innerFailed = [
  ...well('1.2'),
  told('1.1', { ok: false, own: true }),
  ...well('1.3'),
  body('1.0'),
  told('1.0'),
]
const byHand = connection({ do: 'begin', id: '' }, write, { do: 'commit', id: '' })

/** The first write of invocation 2, by a handle of invocation 1. */
const byStored: Unfinished[] = [{ is: 'asked', op: '2.0', of: 1 }, sent('2.0'), told('2.0')]

/** Histories that keep all promises. */
const kept: Record<string, Sketch> = {
  'the handle of an invocation that runs beside': {
    programs: [[connection(write)], [{ do: 'use what was stored', steps: [write] }]],
    reports: [begin(1), ...byStored, end(1)],
    rows: [row('2.0', { zone: '+05:00' })],
  },
  'a row that was acknowledged': { ...one, reports: [begin(1), ...well('1.0'), end(1)], rows: [row('1.0')] },
  'a statement whose connection was lost, applied': {
    ...one,
    reports: [asked('1.0'), sent('1.0'), told('1.0', failed('unknown'))],
    rows: [row('1.0')],
  },
  'a statement whose connection was lost, not applied': {
    ...one,
    reports: [asked('1.0'), sent('1.0'), told('1.0', failed('unknown'))],
  },
  'a statement that arrives after the end, as nobody has had its answer': {
    ...one,
    reports: [asked('1.0'), sent('1.0'), told('1.0', failed('unknown')), end(1)],
    rows: [row('1.0', { begun: 1150 })],
  },
  'a whole transaction': { programs: [[two]], reports: committed, rows: [row('1.1'), row('1.2')] },
  'a transaction that was rolled back': {
    programs: [[two]],
    reports: [asked('1.0'), ...well('1.1'), told('1.0', { ok: false, own: true })],
  },
  'a COMMIT whose answer was lost, and that was carried out': {
    programs: [[two]],
    reports: committed.with(-1, told('1.0', failed('unknown'))),
    rows: [row('1.1'), row('1.2')],
  },
  'a nested transaction that failed, and the rest of the one around it': {
    programs: [[nested]],
    reports: innerFailed,
    rows: [row('1.3')],
  },
  'a transaction begun and committed by hand': {
    programs: [[byHand]],
    reports: [...well('1.2'), ...well('1.3')],
    rows: [row('1.2')],
  },
  'a session that is as its own invocation has made it': {
    programs: [
      [connection({ do: 'dirt', id: '', kind: 'variable' }, { do: 'dirt', id: '', kind: 'lock' }, write)],
    ],
    reports: well('1.3'),
    rows: [row('1.3', { mark: '«1.1»', locked: 1 })],
  },
  'a failure while something was done to the connections': {
    ...one,
    reports: [asked('1.0'), told('1.0', failed('not-sent'))],
    invocation: { result: { ok: false } },
    more: { faults: [{ fault: { kind: 'kill connections' }, from: 900, to: 1010 }] },
  },
  'one connection more, which stops a statement': {
    ...one,
    more: { connections: { most: 3, working: 2, beyond: 1, orphaned: 4, left: 0 } },
  },
  'a transaction that pauses until after its invocation’s end, and then for ever, as its container is frozen':
    {
      programs: [[transaction({ do: 'pause', ms: 50 })], []],
      reports: [begin(1), asked('1.0'), end(1), begin(2), end(2)],
    },
  'a process that is killed while a statement waits': { ...one, reports: [begin(1), asked('1.0')] },
}

test.each(Object.entries(kept))('no objection: %s', (_, history) => expect(broken(history)).toEqual([]))

/** Histories that break exactly one. */
const breaks: Record<string, Sketch> = {
  'P1 more connections than allowed': {
    ...one,
    more: { connections: { most: 4, working: 2, beyond: 2, orphaned: 0, left: 0 } },
  },
  'P1 more connections than allowed, at work': {
    ...one,
    more: { connections: { most: 3, working: 3, beyond: 1, orphaned: 0, left: 0 } },
  },
  'P1 sessions outlast their container': {
    ...one,
    more: { connections: { most: 2, working: 2, beyond: 0, orphaned: 1, left: 1 } },
  },
  'P2 a statement was sent after the end of its invocation': {
    ...one,
    reports: [asked('1.0'), end(1), sent('1.0')],
  },
  'P2 a row was begun after the end of its invocation': {
    ...one,
    reports: well('1.0'),
    rows: [row('1.0', { begun: 1150 })],
  },
  'P2 a handle of an invocation that has ended was used': {
    programs: [[connection(write)], [{ do: 'use what was stored', steps: [write] }]],
    reports: [begin(1), end(1), ...byStored],
    rows: [row('2.0', { begun: 1250 })],
  },
  'P2 half of a transaction is there': { programs: [[two]], reports: committed, rows: [row('1.2')] },
  'P2 a transaction was committed before its end': {
    programs: [[two]],
    reports: [asked('1.0'), ...well('1.1'), told('1.0', failed('unknown'))],
    rows: [row('1.1')],
  },
  'P2 a nested transaction that failed was not undone': {
    programs: [[nested]],
    reports: innerFailed,
    rows: [row('1.2'), row('1.3')],
  },
  'P2 a transaction begun by hand was committed without a COMMIT': {
    programs: [[byHand]],
    reports: well('1.2'),
    rows: [row('1.2')],
  },
  'P3 variable of another invocation in the session': {
    ...one,
    reports: well('1.0'),
    rows: [row('1.0', { mark: '«11.0»' })],
  },
  'P3 database of another invocation in the session': {
    ...one,
    reports: well('1.0'),
    rows: [row('1.0', { db: 'information_schema' })],
  },
  'P3 autocommit of another invocation in the session': {
    programs: [[{ do: 'read', id: '', by: 'query', care: 'await' }]],
    reports: [{ is: 'saw', op: '1.0', session: { ...clean, autocommit: 0 } }],
  },
  'P3 lock of another invocation in the session': {
    ...one,
    reports: well('1.0'),
    rows: [row('1.0', { locked: 1 })],
  },
  'P3 time zone of another invocation in the session': {
    ...one,
    reports: well('1.0'),
    rows: [row('1.0', { zone: '+05:00' })],
  },
  'P3 a session lacks what it was set up with': {
    programs: [[alone, alone]],
    reports: [...well('1.0'), ...well('1.1')],
    rows: [row('1.0'), row('1.1', { lease: 28_800 })],
  },
  'P3 temporary table of another invocation in the session': {
    programs: [[connection({ do: 'dirt', id: '', kind: 'temporary table' })]],
    reports: [told('1.1', { ok: false, code: 'ER_TABLE_EXISTS_ERROR', sqlState: '42S01' })],
  },
  'P4 a row is there twice': { ...one, reports: well('1.0'), rows: [row('1.0'), row('1.0', { session: 6 })] },
  'P4 a statement was sent twice': { ...one, reports: [asked('1.0'), sent('1.0'), sent('1.0')] },
  "P4 'not-sent', but it was sent": {
    ...one,
    reports: [asked('1.0'), sent('1.0'), told('1.0', failed('not-sent'))],
  },
  "P4 'unknown', but it was never sent": {
    ...one,
    reports: [asked('1.0'), told('1.0', failed('unknown'))],
  },
  "P4 'not-sent', but its row is there": {
    ...one,
    reports: [asked('1.0'), told('1.0', failed('not-sent'))],
    rows: [row('1.0')],
  },
  'P4 it was told that it failed, but its row is there': {
    ...one,
    reports: [asked('1.0'), sent('1.0'), told('1.0', failed())],
    rows: [row('1.0')],
  },
  'P4 an acknowledged row is missing': { ...one, reports: well('1.0') },
  'P4 an acknowledged transaction is missing': { programs: [[two]], reports: committed },
  'P4 a transaction was told that it failed, but it was committed': {
    programs: [[two]],
    reports: committed.with(-1, told('1.0', failed())),
    rows: [row('1.1'), row('1.2')],
  },
  'P4 a stream that was cut short ended well': {
    programs: [[{ do: 'stream', id: '', take: 0, after: 'drain' }]],
    reports: [asked('1.0'), told('1.0', { ok: true, missing: 3 })],
  },
  'P5 an invocation failed that nothing was done to': {
    ...one,
    reports: [asked('1.0'), told('1.0', failed('not-sent'))],
    invocation: { result: { ok: false } },
    more: { faults: [{ fault: { kind: 'kill connections' }, from: 900, to: 950 }] },
  },
  'P6 a statement waits past the deadline': { ...one, reports: [asked('1.0'), { is: 'waits', op: '1.0' }] },
  'P6 what was asked for is never settled': {
    programs: [[{ do: 'read', id: '', by: 'query', care: 'leave' }], []],
    reports: [begin(1), asked('1.0'), end(1), begin(2), end(2)],
  },
  'P6 what was asked for is never settled, of a transaction': {
    programs: [[two], []],
    reports: [begin(1), asked('1.0'), end(1), begin(2), end(2)],
  },
  'P8 a secret was printed': { ...one, more: { output: 'warmpool: no way to hunter2@localhost' } },
  'P9 the process crashed': { ...one, reports: [{ is: 'crash', error: 'uncaughtException: lost' }] },
  'P9 the process ended': {
    ...one,
    invocation: {
      timeout: 300,
      result: { ok: false, error: { errorType: 'Runtime.ExitError', errorMessage: 'exit status 1' } },
    },
  },
  "P10 the answer to somebody else's question": {
    ...one,
    reports: [{ is: 'mixed up', op: '1.0', got: '«2.0»' }],
  },
  "P10 the answer to somebody else's question, of writes": {
    programs: [[alone, alone]],
    reports: [...well('1.0'), asked('1.1'), sent('1.1'), told('1.1', { ok: true, wrote: 1 })],
    rows: [row('1.0', { n: 1 }), row('1.1', { n: 2 })],
  },
  'P10 a row that nobody asked for': { ...one, rows: [row('1.0')] },
}

test.each(Object.entries(breaks))('%s', (rule, history) =>
  expect(broken(history)).toEqual([rule.replace(/, (of|at) .*/, '')]),
)

test('an invocation that was cut short has ended when its caller was told', () => {
  const sketch: Sketch = {
    programs: [[connection(write)], [{ do: 'use what was stored', steps: [write] }]],
    reports: [begin(1), ...byStored],
    rows: [row('2.0', { begun: 1000 })],
  }
  expect(broken(sketch)).toEqual([])
  expect(broken({ ...sketch, invocation: { ended: 1000 } })).toEqual([
    'P2 a handle of an invocation that has ended was used',
  ])
})

test('of a peer, which has no outcome, only what the server has refused counts as failed', () => {
  const lost: Told = { ok: false, code: 'PROTOCOL_CONNECTION_LOST', fatal: true }
  const refused: Told = { ok: false, code: 'ER_OPTION_PREVENTS_STATEMENT', sqlState: 'HY000' }
  const more: Partial<History> = { client: 'mysql2' }
  const applied = (what: Told): Sketch => ({
    ...one,
    reports: [asked('1.0'), sent('1.0'), told('1.0', what)],
    rows: [row('1.0')],
    more,
  })
  expect(broken(applied(lost))).toEqual([])
  expect(broken(applied(refused))).toEqual(['P4 it was told that it failed, but its row is there'])
})
