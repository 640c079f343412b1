import { AsyncLocalStorage } from 'node:async_hooks'
import type { Work } from '../container.ts'
import type { Scenario } from '../scenario.ts'

/** As loggers and tracers keep the id of the request that is being served. */
const requests = new AsyncLocalStorage<string>()

/** The callback's request is that of the invocation which opened the connection. */
export const wrongContext: Scenario = {
  title: "A query's callback: runs in the `AsyncLocalStorage` of an earlier invocation",
  contestants: ['mysql2', 'warmpool'],
  fails: ['mysql2'],
  play: async (container) => {
    await container.invoke(requestSeen('first'))
    const answer = await container.invoke(requestSeen('second'))
    if (!answer.ok) throw answer.error
    return answer.value !== 'second'
  },
}

function requestSeen(id: string): Work {
  return {
    pool: (pool) =>
      requests.run(id, () => {
        const { promise, resolve, reject } = Promise.withResolvers<string | undefined>()
        pool.pool.query('SELECT 1', (error) => (error ? reject(error) : resolve(requests.getStore())))
        return promise
      }),
  }
}
