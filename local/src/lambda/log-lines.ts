/** What the platform writes to a function's log beside what the function prints, word by word. */

/** How an invocation or an INIT phase ended, where it did not end well. */
export interface Trouble {
  status: 'timeout' | 'error'
  errorType?: string | undefined
}

/** What a REPORT line tells; times in milliseconds. */
export interface Report {
  requestId: string
  durationMs: number
  billedMs: number
  memorySizeMb: number
  maxMemoryMb: number
  /** Of the INIT phase before the first invocation. */
  initMs?: number | undefined
  trouble?: Trouble | undefined
}

const ms = (time: number) => `${time.toFixed(2)} ms`

/** Lambda's has the ARN of the runtime's version as well. */
export function initStart(nodeMajor: string, runtime: string): string {
  return `INIT_START Runtime Version: nodejs:${nodeMajor}.${runtime}`
}

/** @param phase `invoke` when INIT is run again as a part of an invocation */
export function initReport(durationMs: number, phase: 'init' | 'invoke', trouble?: Trouble): string {
  return [`INIT_REPORT Init Duration: ${ms(durationMs)}`, `Phase: ${phase}`, ...troubleFields(trouble)].join(
    '\t',
  )
}

export function extensionLine(name: string, state: string, events: readonly string[]): string {
  return [`EXTENSION`, `Name: ${name}`, `State: ${state}`, `Events: [${events.join(', ')}]`].join('\t')
}

export function start(requestId: string, version: string): string {
  return `START RequestId: ${requestId} Version: ${version}`
}

export function timedOut(at: Date, requestId: string, message: string): string {
  return `${at.toISOString()} ${requestId} ${message}`
}

/** A crash's words stand on a line of their own. */
export function crashed(requestId: string, message: string, errorType: string): string {
  return `RequestId: ${requestId} Error: ${message}\n${errorType}`
}

export function end(requestId: string): string {
  return `END RequestId: ${requestId}`
}

export function report(told: Report): string {
  const init = told.initMs === undefined ? [] : [`Init Duration: ${ms(told.initMs)}`]
  return [
    `REPORT RequestId: ${told.requestId}`,
    `Duration: ${ms(told.durationMs)}`,
    `Billed Duration: ${told.billedMs} ms`,
    `Memory Size: ${told.memorySizeMb} MB`,
    `Max Memory Used: ${told.maxMemoryMb} MB`,
    ...init,
    ...troubleFields(told.trouble),
  ].join('\t')
}

function troubleFields(trouble: Trouble | undefined): string[] {
  if (!trouble) return []
  const { status, errorType } = trouble
  return [`Status: ${status}`, ...(errorType === undefined ? [] : [`Error Type: ${errorType}`])]
}
