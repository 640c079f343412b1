import { inspect } from 'node:util'
import { promiseHooks } from 'node:v8'
import { EVERYTHING } from './printed.ts'

const SHORT = { depth: 0, maxArrayLength: 0, maxStringLength: 0 }
/** A rejection for which nothing was listening yet must stay unhandled, so we look at promises from outside. */
const REJECTED = /^[\w ]*Promise[^{]*\{\s*<rejected>/

/** Calls `heard` with why a promise was rejected, for every promise of this process, without handling it. */
export function watchRejections(heard: (reason: unknown) => void): void {
  let settled: Promise<unknown>[] = []
  const look = () => {
    const promises = settled
    settled = []
    for (const reason of promises.flatMap(reasonOf)) heard(reason)
  }
  // The hook is called before the promise has its state.
  promiseHooks.onSettled((promise) => {
    if (settled.push(promise) === 1) queueMicrotask(look)
  })
}

/** Empty where it is not rejected. Printing is the only way to see inside that does not count as handling. */
function reasonOf(promise: Promise<unknown>): unknown[] {
  if (!REJECTED.test(inspect(promise, SHORT))) return []
  return [errorIn(promise) ?? inspect(promise, EVERYTHING)]
}

/** Printing it calls this of it. Put there for the moment only: it slows every printing down. */
function errorIn(promise: Promise<unknown>): Error | undefined {
  let found: Error | undefined
  Object.defineProperty(Error.prototype, inspect.custom, {
    configurable: true,
    value(this: Error) {
      found = this
      return ''
    },
  })
  inspect(promise, SHORT)
  delete (Error.prototype as { [inspect.custom]?: unknown })[inspect.custom]
  return found
}
