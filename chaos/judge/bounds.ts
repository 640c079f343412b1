import type { Setting } from '../script/script.ts'
import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** How many connections a container may have: worker threads have a part each, but never less than one. */
export function limitOf({ connectionLimit, concurrency, workers }: Setting): number {
  return concurrency === 1 ? connectionLimit : Math.max(connectionLimit, workers)
}

/** P1: no more connections than allowed, and in each thread one that stops a statement. */
export function bound(evidence: Evidence): Break[] {
  const { connections, setting } = evidence.history
  const limit = limitOf(setting)
  const stopping = setting.concurrency === 1 ? 1 : setting.workers
  const broken = (rule: string, detail: string): Break => ({ promise: 'P1', rule, detail })
  return [
    ...(connections.most > limit + stopping
      ? [broken('more connections than allowed', `${connections.most} at once, where the limit is ${limit}`)]
      : []),
    ...(connections.left > 0
      ? [broken('sessions outlast their container', `${connections.left} are still there`)]
      : []),
  ]
}

/** P6: nothing waits past the deadline, and everything is settled in the end. */
export function deadlines(evidence: Evidence): Break[] {
  const { reports } = evidence.history
  const broken = (rule: string, op: string): Break => ({
    promise: 'P6',
    rule,
    op,
    invocation: invocationOf(op),
    detail: `told ${JSON.stringify(evidence.told.get(op))}`,
  })
  const late = reports.flatMap((report) =>
    report.is === 'waits' ? [broken('a statement waits past the deadline', report.op)] : [],
  )
  const never = [...evidence.asked]
    .filter(([op]) => !evidence.told.has(op) && evidence.writes.has(op))
    .filter(([op, place]) => lived(evidence, invocationOf(op), place))
    .map(([op]) => broken('a statement is never settled', op))
  return [...late, ...never]
}

/** Whether its process has begun and ended another invocation after its end, and after the asking, which may be later. */
function lived(evidence: Evidence, invocation: number, asked: number): boolean {
  const end = evidence.ends.get(invocation)
  const { reports } = evidence.history
  const last = end === undefined ? undefined : reports[end]
  if (end === undefined || last?.is !== 'end') return false
  const later = reports.slice(Math.max(end, asked)).flatMap((one) => (one.is === 'begin' ? [one] : []))
  return later.some((begin) => begin.process === last.process && evidence.ends.has(begin.invocation))
}

/** P9 and P8: nothing ends the process, and nothing is printed that is a secret. */
export function quiet(evidence: Evidence): Break[] {
  const { invocations, reports, output, secrets } = evidence.history
  const crashed = reports.flatMap((report): Break[] =>
    report.is === 'crash'
      ? [{ promise: 'P9', rule: 'the process crashed', detail: report.error.slice(0, 600) }]
      : [],
  )
  const exited = invocations
    .filter(({ result }) => result.error?.errorType === 'Runtime.ExitError')
    .map(({ number, result }): Break => {
      const detail = `${JSON.stringify(result.error)} ${output.slice(-600)}`
      return { promise: 'P9', rule: 'the process ended', invocation: number, detail }
    })
  const printed = [output, JSON.stringify(reports)]
    .filter((text) => secrets.some((secret) => text.includes(secret)))
    .map(
      (): Break => ({ promise: 'P8', rule: 'a secret was printed', detail: 'the password is in the output' }),
    )
  return [...crashed, ...(crashed.length > 0 ? [] : exited), ...printed]
}

/** P10: everybody has his own answers and rows. */
export function ownAnswers(evidence: Evidence): Break[] {
  const mixed = evidence.history.reports.flatMap((report): Break[] =>
    report.is === 'mixed up'
      ? [
          {
            promise: 'P10',
            rule: "the answer to somebody else's question",
            op: report.op,
            invocation: invocationOf(report.op),
            detail: report.got,
          },
        ]
      : [],
  )
  const strange = evidence.history.rows
    .filter(({ op, invocation }) => invocationOf(op) !== invocation || !evidence.asked.has(op))
    .map(
      ({ op, invocation }): Break => ({
        promise: 'P10',
        rule: 'a row that nobody asked for',
        op,
        invocation,
        detail: op,
      }),
    )
  return [...mixed, ...strange]
}
