import type { EndedBy } from './events.ts'
import type { Scope } from './invocation/scope.ts'
import { streamedBody } from './streamed-body.ts'

/** The connection behind a body that is streamed lives until the body is sent. */
export function endRequest(scope: Scope, request: object, by: EndedBy): Promise<void> | undefined {
  const body = streamedBody(request as Kept)
  if (!body) return scope.endRequest(request, by)
  scope.endRequestAfter(request, body)
  return undefined
}

/** Where a request keeps what it is asked for, when the asking means more. */
const [EVENT, RESPONSE] = [Symbol('event'), Symbol('response')]

interface Kept {
  event: unknown
  response: unknown
  earlyResponse?: unknown
  [EVENT]?: unknown
  [RESPONSE]?: unknown
}

/**
 * Watches what middy does with a request. The same accessors serve every one: new ones each time would be a new hidden class
 * each time. Only where another pool's are there already, they are called by new ones.
 *
 * - It reads the event to call the handler: the scope is entered then. Entered in `before` itself, it would leak into whoever called
 *   the handler, as middy runs that far synchronously: a test's next query would then belong to an invocation that has ended,
 *   and a second handler called beside would join the first. `before` is async, so by the time the event is read the caller
 *   has gone on.
 * - It writes an early response, of whichever middleware and hook: none of the hooks that are left is called then.
 */
export function watcher(scope: Scope): (request: object) => void {
  const watched = watching(scope)
  return (given) => {
    const request = given as Kept
    if (EVENT in request) return watchBeside(request, scope)
    request[EVENT] = request.event
    request[RESPONSE] = request.response
    Object.defineProperties(request, watched)
  }
}

function watching(scope: Scope): PropertyDescriptorMap & ThisType<Kept> {
  const shown = { configurable: true, enumerable: true }
  return {
    event: {
      ...shown,
      get() {
        scope.enterRequest(this)
        return this[EVENT]
      },
      set(replaced: unknown) {
        this[EVENT] = replaced
      },
    },
    response: {
      ...shown,
      get() {
        return this[RESPONSE]
      },
      set(response: unknown) {
        this[RESPONSE] = response
        endEarly(scope, this, response)
      },
    },
  }
}

/** A second database: what watches for the first one stays. */
function watchBeside(request: Kept, scope: Scope): void {
  const event = Object.getOwnPropertyDescriptor(request, 'event') as PropertyDescriptor
  const response = Object.getOwnPropertyDescriptor(request, 'response') as PropertyDescriptor
  Object.defineProperty(request, 'event', {
    ...event,
    get() {
      scope.enterRequest(request)
      return event.get?.call(request)
    },
  })
  Object.defineProperty(request, 'response', {
    ...response,
    set(given: unknown) {
      response.set?.call(request, given)
      endEarly(scope, request, given)
    },
  })
}

/** Not where it is cleared again because of an error: then the hooks for errors are called. */
function endEarly(scope: Scope, request: Kept, given: unknown): void {
  if ('earlyResponse' in request && request.earlyResponse === given)
    endRequest(scope, request, 'early response')?.catch(() => {}) // a leak is on the log
}
