import type { InvocationError } from './invocation-error.ts'

/** How a phase, INIT or an invocation, ended other than by runtime and extensions calling Next. */
export type Breakdown =
  | { kind: 'reported'; error: InvocationError }
  | { kind: 'exit'; errorType: string; extension: string | undefined; how: string }
  | { kind: 'launch'; extension: string; why: string }
  | { kind: 'late'; limit: number }

/** What the caller is given, in Lambda's words. */
export function errorOf(breakdown: Breakdown, requestId: string): InvocationError {
  if (breakdown.kind === 'reported') return breakdown.error
  return {
    errorType: errorTypeOf(breakdown),
    errorMessage: `RequestId: ${requestId} Error: ${messageOf(breakdown)}`,
  }
}

export function errorTypeOf(breakdown: Breakdown): string {
  if (breakdown.kind === 'reported') return breakdown.error.errorType
  if (breakdown.kind === 'launch') return 'Extension.LaunchError'
  return breakdown.kind === 'late' ? 'Sandbox.Timedout' : breakdown.errorType
}

/** Without the request's id, as it stands on the log. */
export function messageOf(breakdown: Breakdown): string {
  switch (breakdown.kind) {
    case 'reported':
      return breakdown.error.errorMessage
    case 'late':
      return `Task timed out after ${(breakdown.limit / 1000).toFixed(2)} seconds`
    case 'launch':
      return breakdown.why
    case 'exit': {
      const { extension, how } = breakdown
      if (extension !== undefined) return how.replace('exit status 0', 'exit code 0')
      return how === 'exit status 0'
        ? 'Runtime exited without providing a reason'
        : `Runtime exited with error: ${how}`
    }
  }
}

/** What became of INIT, as the end of a sentence for whoever wanted a container that is ready. */
export function endOfSentence(breakdown: Breakdown, lastWords: string | undefined): string {
  switch (breakdown.kind) {
    case 'reported':
      return `failed with ${breakdown.error.errorType}: ${breakdown.error.errorMessage.split('\n')[0]}`
    case 'late':
      return `took longer than ${breakdown.limit} ms`
    case 'launch':
      return `could not start the extension ${breakdown.extension}: ${breakdown.why}`
    case 'exit': {
      const whose = breakdown.extension === undefined ? 'process' : `extension ${breakdown.extension}`
      return `ended the ${whose} with ${breakdown.how}${lastWords ? `: ${lastWords}` : ''}`
    }
  }
}
