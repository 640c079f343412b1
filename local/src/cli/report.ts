import type { LambdaResult, Start } from '../function/result.ts'

/** One invocation, as the command tells it and as `--json` prints it; times in milliseconds. */
export interface Report {
  /** From 1 on. */
  readonly invocation: number
  /** Which container took it, from 1 on. */
  readonly container: number | undefined
  readonly start: Start
  readonly requestId: string
  readonly ok: boolean
  readonly response?: unknown
  readonly error?: {
    readonly errorType: string
    readonly errorMessage: string
    readonly trace?: readonly string[]
  }
  /** `timeout` and `error`: the process was ended, or ended itself. */
  readonly status: 'success' | 'timeout' | 'error'
  readonly durationMs: number
  /** What is paid for. */
  readonly billedMs: number
  /** Of the first invocation of a container. */
  readonly initMs: number | undefined
  /** How long INIT took where it was run within the invocation, as after a timeout. */
  readonly suppressedInitMs: number | undefined
  readonly maxMemoryMb: number
  /** What the server killed before it, while the container was frozen. */
  readonly killed: number
  /** What it did to its container's connections; not there where that cannot be told. */
  readonly opened: number | undefined
  readonly reused: number | undefined
  readonly replaced: number | undefined
  /** What the server has after it, of all containers. */
  readonly server: number | undefined
}

/** What is known of an invocation beside its result. */
export interface Circumstances {
  readonly invocation: number
  readonly killed: number
  readonly server: number | undefined
  /** Whether no other was under way in the same container, so that what it did to connections was its own doing. */
  readonly apart: boolean
}

export function reportOf(result: LambdaResult, { apart, server, invocation, killed }: Circumstances): Report {
  const { container, start, requestId, ok, status, billedMs, maxMemoryMb } = result
  const { opened, reused, replaced } = (apart && result.connections) || {}
  return {
    invocation,
    container,
    start,
    ok,
    ...(result.ok ? { response: result.response ?? null } : { error: result.error }),
    status,
    durationMs: rounded(result.durationMs),
    initMs: rounded(result.initMs),
    suppressedInitMs: rounded(result.suppressedInitMs),
    billedMs,
    maxMemoryMb,
    killed,
    opened,
    reused,
    replaced,
    server,
    requestId,
  }
}

/** To a microsecond. */
export function rounded<T extends number | undefined>(time: T): T {
  return (time === undefined ? time : Math.round(time * 1000) / 1000) as T
}

/**
 * The first whose container never became ready: of one that did, some invocation tells how long its INIT took. On demand Lambda runs a
 * failed INIT again within the invocation, whose error is that of INIT then.
 */
export function initFailure(reports: readonly Report[]): Report | undefined {
  const ready = new Set(
    reports.filter(({ initMs }) => initMs !== undefined).map(({ container }) => container),
  )
  return reports.find(
    ({ suppressedInitMs, status, container }) =>
      suppressedInitMs !== undefined && status !== 'success' && !ready.has(container),
  )
}

/** What all invocations come to, in one line. */
export function summary(reports: readonly Report[]): string {
  const failed = reports.filter(({ ok }) => !ok).length
  const starts = (['cold', 'warm', 'thawed', 'throttled'] as const)
    .map((start) => ({ start, count: reports.filter((report) => report.start === start).length }))
    .filter(({ count }) => count > 0)
    .map(({ start, count }) => `${count} ${start}`)
  const durations = reports.map(({ durationMs }) => durationMs).toSorted((a, b) => a - b)
  const parts = [
    `${counted(reports.length, 'invocation')}: ${failed === 0 ? 'all answered' : `${failed} failed`}`,
    starts.join(', '),
    `median ${ms(durations[Math.floor((durations.length - 1) / 2)] ?? 0)}, longest ${ms(durations.at(-1) ?? 0)}`,
    ...connections(reports),
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function connections(reports: readonly Report[]): string[] {
  const parts: string[] = []
  const sum = (of: 'opened' | 'replaced') => reports.reduce((total, report) => total + (report[of] ?? 0), 0)
  if (reports.some(({ opened }) => opened !== undefined))
    parts.push(`${counted(sum('opened'), 'connection')} opened, ${sum('replaced')} replaced`)
  if (reports.some(({ server }) => server !== undefined))
    parts.push(`at most ${Math.max(...reports.map(({ server }) => server ?? 0))} at the server`)
  return parts.length === 0 ? [] : [parts.join(', ')]
}

/** `12.3 ms`; from 10 s on in seconds. */
export function ms(time: number): string {
  return time < 10_000 ? `${time.toFixed(1)} ms` : `${(time / 1000).toFixed(2)} s`
}

/** `300 ms`, `2 s`: as it was asked for. */
export function span(time: number): string {
  return time < 1000 ? `${time} ms` : `${time / 1000} s`
}

export function counted(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}
