import { AsyncLocalStorage } from 'node:async_hooks'

/**
 * Runs something in the async context of the module's load, which belongs to no invocation. A socket's callbacks, and whatever
 * waits for its end, keep the context in which they were made for as long as the socket lives: an invocation's stores must
 * not be in it.
 */
export const atLoad = AsyncLocalStorage.snapshot()
