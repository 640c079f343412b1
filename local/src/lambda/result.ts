import type { StreamedResponse } from './api/streamed-body.ts'
import { type Breakdown, errorOf } from './breakdown.ts'
import type { Answer, Invocation } from './invocation.ts'
import type { InvocationError } from './invocation-error.ts'

/** What Lambda's REPORT tells of an invocation; times in milliseconds. */
export interface InvocationFacts {
  requestId: string
  /** Until runtime and extensions asked for the next event, or it was broken off; with an INIT that was run within it. */
  durationMs: number
  /** Until the answer was there, which is when a caller of the deployed function has it. */
  answeredMs?: number
  /** What is paid for: the duration, and the INIT before it where that is billed with it, rounded up to a millisecond. */
  billedMs: number
  /** How long INIT took, when this was the first invocation after it (`on-demand` only: that of the others comes before there is one). */
  initMs?: number
  /** How long INIT took where it was run within the invocation, because the container was cold. */
  suppressedInitMs?: number
  /** The most memory that the container's processes have been seen to use. */
  maxMemoryMb: number
  /**
   * `timeout`: the time was up, whether or not there was an answer before; `error`: the handler failed, or the processes broke down,
   * perhaps after an answer.
   */
  status: 'success' | 'timeout' | 'error'
  /** What the handler streamed, if it did. */
  streamed?: StreamedResponse
}

/** How an invocation went; a handler that throws is a result too. */
export type InvocationResult = InvocationFacts &
  ({ ok: true; response: unknown } | { ok: false; error: InvocationError })

/** What was seen of an invocation. */
export interface Observed {
  durationMs: number
  timeout: number
  initMs: number | undefined
  suppressedInitMs: number | undefined
  peakMemory: number
  broken: Breakdown | undefined
}

export function resultOf(invocation: Invocation, observed: Observed): InvocationResult {
  const { timeout, initMs, suppressedInitMs, peakMemory, broken } = observed
  // As the emulator has it: what it is more or less than the timeout is the timer's.
  const durationMs = broken?.kind === 'late' ? timeout : observed.durationMs
  const { answeredMs } = invocation
  const { streamed, ...answer } = answerOf(invocation, broken)
  const facts: InvocationFacts = {
    requestId: invocation.requestId,
    durationMs,
    billedMs: Math.ceil(durationMs + (initMs ?? 0)),
    maxMemoryMb: Math.ceil(peakMemory / 1024 ** 2),
    status: statusOf('error' in answer, broken),
    ...(answeredMs !== undefined && { answeredMs }),
    ...(initMs !== undefined && { initMs }),
    ...(suppressedInitMs !== undefined && { suppressedInitMs }),
    ...(streamed && { streamed }),
  }
  return 'error' in answer ? { ok: false, ...answer, ...facts } : { ok: true, ...answer, ...facts }
}

/** An answer that was posted counts, whatever happens to the processes after it. */
function answerOf(invocation: Invocation, broken: Breakdown | undefined): Answer {
  const { answer, requestId } = invocation
  if (answer && !(broken && wasCut(answer))) return answer
  const error = errorOf(broken ?? { kind: 'late', limit: 0 }, requestId)
  const streamed = invocation.streaming?.soFar()
  return streamed ? { error, streamed } : { error }
}

function wasCut(answer: Answer): boolean {
  return 'error' in answer && answer.error.errorType === 'Runtime.TruncatedResponse'
}

function statusOf(failed: boolean, broken: Breakdown | undefined): InvocationFacts['status'] {
  if (broken) return broken.kind === 'late' ? 'timeout' : 'error'
  return failed ? 'error' : 'success'
}
