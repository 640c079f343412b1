const told = new WeakSet<Error>()

/**
 * Adds the caller to an error that was made where the server's answer arrived. For use in the `catch` of an async function:
 * V8 knows who awaits it, so that the stack costs nothing until something fails.
 */
export function withCaller(error: unknown): unknown {
  if (!(error instanceof Error) || told.has(error)) return error
  told.add(error)
  const here: { stack?: string } = {}
  Error.captureStackTrace(here, withCaller)
  error.stack = `${error.stack}\n${(here.stack ?? '').split('\n').slice(1).join('\n')}`
  return error
}
