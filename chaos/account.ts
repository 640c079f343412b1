import type { Report } from './handlers/reports.ts'
import { invocationOf } from './judge/evidence.ts'
import type { Break, History } from './judge/history.ts'

/** What happened to the invocation of a break, line by line, times in milliseconds from its start. */
export function accountOf(broken: Break, history: History): string {
  const invocation = history.invocations.find(({ number }) => number === broken.invocation)
  if (!invocation) return ''
  const { began, ended, result, program } = invocation
  const after = (time: number) => `${Math.round(time - began)}`.padStart(6)
  const faults = history.faults
    .filter(({ from, to }) => to > began - 100 && from < ended + 100)
    .map(({ fault, from, to }): [number, string] => [
      from,
      `${JSON.stringify(fault)} until ${after(to).trim()}`,
    ])
  const reports = history.reports
    .filter((report) => belongs(report, invocation.number))
    .map(({ at, ...said }): [number, string] => [at, JSON.stringify(said)])
  const others = history.invocations
    .filter((other) => other !== invocation && other.began < ended + 100 && other.ended > began - 100)
    .map((other): [number, string] => [
      other.began,
      `invocation ${other.number} until ${after(other.ended).trim()}`,
    ])
  const ends: [number, string] = [ended, `ended: ${JSON.stringify(result).slice(0, 300)}`]
  const lines = [...faults, ...reports, ...others, ends].sort(([one], [other]) => one - other)
  return [JSON.stringify(program), ...lines.map(([time, line]) => `${after(time)} ${line}`)].join('\n')
}

function belongs(report: Report, invocation: number): boolean {
  if ('op' in report) return invocationOf(report.op) === invocation
  return 'invocation' in report && report.invocation === invocation
}
