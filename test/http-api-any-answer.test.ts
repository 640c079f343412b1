import { request } from 'node:http'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import type { LambdaResult } from '../local/src/function/result.ts'
import { corsRules } from '../local/src/http-api/cors.ts'
import type { HttpApi } from '../local/src/http-api/http-api.ts'
import { failure, listen } from './support/http-api.ts'

/**
 * A failure tells its seed and path; `SEED=1 RUN_PATH=2:3 npx vitest run test/http-api-any-answer.test.ts` repeats it, and
 * `RUNS=5000` tries more.
 */
const { SEED, RUN_PATH, RUNS = '200' } = process.env
const replay = { ...(SEED && { seed: Number(SEED) }), ...(RUN_PATH && { path: RUN_PATH }) }

const HEADERS = [
  'Trailer',
  'Connection',
  'Transfer-Encoding',
  'Content-Length',
  'Keep-Alive',
  'TE',
  'Upgrade',
  'Expect',
  'Date',
  'Set-Cookie',
  'Content-Type',
  'Content-Encoding',
  'Proxy-Connection',
  '__proto__',
  'Access-Control-Allow-Origin',
]
const VALUES = ['x', '', 'chunked', 'close', 'upgrade', '-1', 'ü', null, ['1', '2']]
const WRONG = ['a\r\nb: c', '\0', '€', { toString: 1 }]

const junk = fc.jsonValue({ maxDepth: 2 })
/** One of these, seldom something else. */
const mostly = (usual: fc.Arbitrary<unknown>, seldom: fc.Arbitrary<unknown> = junk) =>
  fc.oneof({ weight: 12, arbitrary: usual }, { weight: 1, arbitrary: seldom })
const value = mostly(fc.constantFrom<unknown>(...VALUES), fc.oneof(fc.constantFrom(...WRONG), junk))
const name = fc.oneof({ weight: 6, arbitrary: fc.constantFrom(...HEADERS) }, fc.string())
const answer = mostly(
  fc.record(
    {
      statusCode: mostly(fc.constantFrom<unknown>(200, '201', 204, 205, 304, 500)),
      headers: mostly(fc.dictionary(name, value, { maxKeys: 4 })),
      cookies: mostly(fc.array(value, { maxLength: 2 })),
      body: mostly(fc.string({ unit: 'binary' })),
      isBase64Encoded: mostly(fc.boolean()),
    },
    { requiredKeys: ['statusCode'] },
  ),
)

it('whatever a function answers, its caller has an answer, and the next one too', async () => {
  let response: unknown
  const { api } = await listen(() => ({ response }) as Partial<LambdaResult>)
  await fc.assert(
    fc.asyncProperty(answer, fc.constantFrom('GET', 'HEAD'), async (junk, method) => {
      // As it comes from a function: by way of JSON.
      response = JSON.parse(JSON.stringify(junk))
      const status = await statusOf(api, method)
      expect(status === 500 || (status >= 200 && status <= 599)).toBe(true)
      response = { statusCode: 200, body: 'fine' }
      expect(await statusOf(api, 'GET')).toBe(200)
    }),
    { ...replay, numRuns: Number(RUNS), interruptAfterTimeLimit: 15_000 },
  )
}, 20_000)

it('whatever an error is, its caller has an answer', async () => {
  let error: unknown
  const { api } = await listen(() => ({ ...failure, error }) as Partial<LambdaResult>)
  await fc.assert(
    fc.asyncProperty(junk, async (thrown) => {
      error = thrown
      expect(await statusOf(api, 'GET')).toBe(500)
    }),
    { ...replay, numRuns: Number(RUNS) / 4 },
  )
}, 20_000)

it('a header that cannot be sent is a 500 with the reason in the log', async () => {
  const rules = { allowedOrigins: '*', exposedResponseHeaders: 'a\r\nb' }
  const { api, answered } = await listen(() => ({ response: 'hi' }), { cors: corsRules(rules, []) })
  expect(await statusOf(api, 'GET')).toBe(500)
  expect(answered).toMatchObject([
    {
      statusCode: 500,
      complaint: expect.stringMatching(/^thing answered what cannot be sent: Invalid character/),
    },
  ])
})

/** Of an answer that came whole. */
function statusOf(api: HttpApi, method: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      method,
      headers: { origin: 'https://shop' },
      agent: false,
      signal: AbortSignal.timeout(2000),
    }
    const asking = request(`${api.url}/any`, options, (response) => {
      response.resume()
      response.on('end', () => resolve(response.statusCode ?? 0))
      response.on('error', reject)
    })
    asking.on('error', reject)
    asking.end()
  })
}
