import { within } from './clock.ts'
import { invalidOption } from './errors.ts'
import type { Invocation, InvocationContext } from './invocation/invocation.ts'
import type { Scope } from './invocation/scope.ts'
import { kindOf } from './options/check.ts'

// biome-ignore lint/suspicious/noExplicitAny: only `any` accepts handlers of every event and context type
export type AnyHandler = (...args: any[]) => any

/** Lambda reads the handler's length (a third parameter was once a callback) and its symbols (response streaming). */
export function wrapHandler<H extends AnyHandler>(scope: Scope, handler: H): H {
  if (typeof handler !== 'function') throw invalidOption('wrap(handler)', kindOf(handler), 'a function')
  const wrapped = async function (this: unknown, ...args: unknown[]): Promise<unknown> {
    const { invocation, joined } = scope.begin(contextAmong(args))
    if (joined) return handler.apply(this, args)
    let result: unknown
    try {
      result = await scope.enter(invocation, () => handler.apply(this, args))
    } catch (error) {
      await scope.end(invocation, 'wrap')?.catch(() => {}) // a leak is on the log; the handler's own error says more
      throw error
    }
    const unsent = isUnsent(args[1])
    if (unsent && !(await sent(args[1] as ResponseStream, invocation))) scope.cutShort(invocation)
    await scope.end(invocation, unsent ? 'response stream' : 'wrap')
    return result
  }
  Object.defineProperty(wrapped, 'length', { value: handler.length })
  Object.defineProperty(wrapped, 'name', { value: handler.name })
  for (const symbol of Object.getOwnPropertySymbols(handler))
    Object.defineProperty(
      wrapped,
      symbol,
      Object.getOwnPropertyDescriptor(handler, symbol) as PropertyDescriptor,
    )
  return wrapped as unknown as H
}

/** As a streaming handler gets it. The runtime's own is not an instance of Node's class. */
interface ResponseStream {
  readonly writableFinished: boolean
  readonly destroyed: boolean
  on(event: 'finish' | 'close' | 'error', heard: () => void): void
}

/** A handler that pipes need not wait for the end; the runtime does, and so does its invocation. */
function isUnsent(argument: unknown): boolean {
  return isStream(argument) && !argument.writableFinished && !argument.destroyed
}

function isStream(argument: unknown): argument is ResponseStream {
  return typeof argument === 'object' && argument !== null && 'writableFinished' in argument
}

/** Resolves when the body is sent, its reader is gone, or the time is up. @returns whether it is sent */
async function sent(stream: ResponseStream, invocation: Invocation): Promise<boolean> {
  const closed = new Promise<void>((resolve) => {
    for (const event of ['finish', 'close', 'error'] as const) stream.on(event, resolve)
  })
  await within(invocation.deadline, closed)
  return stream.writableFinished
}

/** The second argument; of a streaming handler the third. */
function contextAmong(args: unknown[]): InvocationContext | undefined {
  const isContext = (arg: unknown) =>
    typeof arg === 'object' && arg !== null && 'getRemainingTimeInMillis' in arg
  return (args.slice(1).find(isContext) ?? args[isStream(args[1]) ? 2 : 1]) as InvocationContext | undefined
}
