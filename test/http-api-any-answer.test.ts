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
const VALUES = [
  'x',
  '',
  'chunked',
  'close',
  'upgrade',
  '-1',
  'a\r\nb: c',
  '\0',
  'ü',
  '€',
  null,
  ['1', '2'],
  { toString: 1 },
]

const junk = fc.jsonValue({ maxDepth: 2 })
const name = fc.oneof(fc.constantFrom(...HEADERS), fc.string())
const value = fc.oneof(fc.constantFrom(...VALUES), fc.string({ unit: 'binary' }), junk)
const statusCode = fc.oneof(
  fc.constantFrom<unknown>(200, '201', 204, 205, 304),
  fc.integer({ min: 100, max: 700 }),
  junk,
)
const answer = fc.oneof(
  junk,
  fc.record(
    {
      statusCode,
      headers: fc.oneof(
        { weight: 5, arbitrary: fc.dictionary(name, value, { maxKeys: 4 }) },
        { weight: 1, arbitrary: junk },
      ),
      cookies: fc.oneof(
        { weight: 3, arbitrary: fc.array(value, { maxLength: 3 }) },
        { weight: 1, arbitrary: junk },
      ),
      body: fc.oneof({ weight: 3, arbitrary: fc.string({ unit: 'binary' }) }, { weight: 1, arbitrary: junk }),
      isBase64Encoded: fc.oneof(fc.boolean(), junk),
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
    { ...replay, numRuns: Number(RUNS) },
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
      signal: AbortSignal.timeout(5000),
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
