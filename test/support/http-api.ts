import { afterEach } from 'vitest'
import type { LambdaResult } from '../../local/src/function/result.ts'
import { type Answered, HttpApi, type HttpApiOptions } from '../../local/src/http-api/http-api.ts'

// A stand-in for the functions; test/http-api-shop.test.ts has real ones.
type Behaviour = (event: { rawPath?: string }) => Promise<Partial<LambdaResult>> | Partial<LambdaResult>

const opened: HttpApi[] = []
afterEach(() => Promise.all(opened.splice(0).map((api) => api[Symbol.asyncDispose]())))

/** An API before `behaviour`, and what it told of each request; ended with the test. */
export async function listen(behaviour: Behaviour, options: Partial<HttpApiOptions> = {}) {
  const answered: Answered[] = []
  const api = await HttpApi.listen(
    {
      routes: [
        { method: 'GET', path: '/thing', functionName: 'thing' },
        { method: 'ANY', path: '/any', functionName: 'thing' },
      ],
      functions: [{ name: 'thing', deployedName: 'shop-dev-thing' }],
      invoke: async (_name, event) =>
        ({
          ok: true,
          start: 'warm',
          container: 1,
          requestId: 'r1',
          ...(await behaviour(event as never)),
        }) as LambdaResult,
      onAnswer: (answer) => answered.push(answer),
      ...options,
    },
    { port: 0 },
  )
  opened.push(api)
  return { api, answered }
}

export async function fetched(api: HttpApi, path: string, init: RequestInit = {}) {
  const response = await fetch(api.url + path, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

export const failure = { ok: false, error: { errorType: 'TypeError', errorMessage: 'not today' } } as const
