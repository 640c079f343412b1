import { request } from 'node:http'
import { describe, expect, it } from 'vitest'
import type { LambdaResult } from '../local/src/function/result.ts'
import { corsRules } from '../local/src/http-api/cors.ts'
import type { HttpApi } from '../local/src/http-api/http-api.ts'
import { LARGEST_EVENT } from '../local/src/lambda/payload-limits.ts'
import { failure, fetched, listen } from './support/http-api.ts'

describe('an HTTP API answers', () => {
  it('as AWS when there is no route, when the function fails and when its answer is none', async () => {
    const answers = [failure, { ok: true, response: { statusCode: 200, body: 1 } }] as Partial<LambdaResult>[]
    const { api, answered } = await listen(() => answers.shift() ?? {})
    expect(await fetched(api, '/nothing')).toMatchObject({ status: 404, text: '{"message":"Not Found"}' })
    expect(await fetched(api, '/thing', { method: 'POST' })).toMatchObject({ status: 404 })
    const failed = { status: 500, text: '{"message":"Internal Server Error"}' }
    expect(await fetched(api, '/thing')).toMatchObject(failed)
    expect(await fetched(api, '/thing')).toMatchObject(failed)
    expect(
      answered.map(({ path, statusCode, functionName, complaint }) => [
        path,
        statusCode,
        functionName,
        complaint,
      ]),
    ).toEqual([
      ['/nothing', 404, undefined, undefined],
      ['/thing', 404, undefined, undefined],
      ['/thing', 500, 'thing', undefined],
      [
        '/thing',
        500,
        'thing',
        expect.stringContaining(
          'thing answered what an HTTP API does not understand: its body is of the type number',
        ),
      ],
    ])
  })

  it('with a 500 and the reason in the log when the function cannot be made', async () => {
    const { api, answered } = await listen(() => {
      throw new Error('handlers/thing.ts:1: Expected ";".')
    })
    expect(await fetched(api, '/thing')).toMatchObject({ status: 500 })
    expect(answered[0]?.complaint).toBe('handlers/thing.ts:1: Expected ";"')
  })

  it('with a 503 when the function takes too long for it, or could have no more containers', async () => {
    const patient = await listen(() => new Promise(() => {}), { integrationTimeout: 20 })
    const unavailable = { status: 503, text: '{"message":"Service Unavailable"}' }
    expect(await fetched(patient.api, '/thing')).toMatchObject(unavailable)
    expect(patient.answered[0]?.complaint).toBe("thing had not answered after 20 ms, an HTTP API's limit")
    const throttled = await listen(() => ({ ...failure, start: 'throttled' }))
    expect(await fetched(throttled.api, '/thing')).toMatchObject(unavailable)
  })

  it('with a 413 to what is longer than 10 MB', async () => {
    const { api, answered } = await listen(() => ({ response: 'taken' }) as Partial<LambdaResult>)
    expect(await tooLong(api)).toMatchObject({ statusCode: 413 })
    expect(answered).toMatchObject([{ method: 'PUT', path: '/any', statusCode: 413 }])
  })

  it.each(['text/plain', 'image/png'])(
    'with a 413 to a body of the type %s with which the event would be larger than Lambda takes, and invokes nothing',
    async (type) => {
      let size = 0
      const behaviour = (event: object) => {
        size = JSON.stringify(event).length
        return { response: 'taken' } as Partial<LambdaResult>
      }
      const { api, answered } = await listen(behaviour)
      const put = (length: number) =>
        fetched(api, '/any', {
          method: 'PUT',
          body: Buffer.alloc(length, 'x'),
          headers: { 'content-type': type },
        })
      const asText = type === 'text/plain'
      await put(3_000_000)
      const room = LARGEST_EVENT - size
      const most = 3_000_000 + (asText ? room : Math.floor(room / 4) * 3)
      expect(await put(most)).toMatchObject({ status: 200, text: 'taken' })
      expect(LARGEST_EVENT - size).toBeLessThan(4)
      size = 0
      expect(await put(most + (asText ? 1 : 3))).toMatchObject({
        status: 413,
        text: '{"message":"Request Entity Too Large"}',
      })
      expect(size).toBe(0)
      expect(answered.at(-1)?.complaint).toMatch(
        /^thing was not invoked: its event would have 62914\d\d bytes, and Lambda takes 6291456$/,
      )
    },
  )

  it('HEAD without a body', async () => {
    const { api } = await listen(() => ({ response: 'four' }) as Partial<LambdaResult>)
    const { status, headers, text } = await fetched(api, '/any', { method: 'HEAD' })
    expect([status, headers.get('content-length'), text]).toEqual([200, '4', ''])
  })

  it('browsers of other origins by its CORS rules, and not as the function says', async () => {
    const routes = [{ method: 'GET', path: '/thing', functionName: 'thing' }]
    const response = { statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'https://function' } }
    const behaviour = () => ({ response }) as Partial<LambdaResult>
    const preflight = {
      method: 'OPTIONS',
      headers: { origin: 'https://shop', 'access-control-request-method': 'GET' },
    }
    const from = (origin: string) => ({ headers: { origin } })
    const allowed = ({ headers }: { headers: Headers }) => headers.get('access-control-allow-origin')

    const { api } = await listen(behaviour, { routes, cors: corsRules(true, routes) })
    const asked = await fetched(api, '/thing', preflight)
    expect([asked.status, allowed(asked), asked.headers.get('access-control-allow-methods')]).toEqual([
      204,
      '*',
      'OPTIONS,GET',
    ])
    expect(asked.headers.get('access-control-allow-headers')).toContain('authorization')
    expect(allowed(await fetched(api, '/thing', from('https://shop')))).toBe('*')
    expect(allowed(await fetched(api, '/thing'))).toBeNull()
    expect(allowed(await fetched(api, '/nothing', from('https://shop')))).toBe('*')

    const rules = {
      allowedOrigins: ['https://shop', 'http://*'],
      allowCredentials: true,
      maxAge: 60,
      exposedResponseHeaders: 'X-Total',
    }
    const strict = await listen(behaviour, { routes, cors: corsRules(rules, routes) })
    const answer = await fetched(strict.api, '/thing', from('https://shop'))
    expect(allowed(answer)).toBe('https://shop')
    expect(answer.headers.get('access-control-allow-credentials')).toBe('true')
    expect(answer.headers.get('access-control-expose-headers')).toBe('X-Total')
    expect(allowed(await fetched(strict.api, '/thing', from('http://localhost:8080')))).toBe(
      'http://localhost:8080',
    )
    expect(allowed(await fetched(strict.api, '/thing', from('https://other')))).toBeNull()
    expect((await fetched(strict.api, '/thing', preflight)).headers.get('access-control-max-age')).toBe('60')

    const none = await listen(behaviour, { routes })
    expect(await fetched(none.api, '/thing', preflight)).toMatchObject({ status: 404 })
    expect(allowed(await fetched(none.api, '/thing', from('https://shop')))).toBe('https://function')
  })
})

/** Sends a body that is too long, without fetch, which gives up when it is answered before the end. */
function tooLong(api: HttpApi): Promise<{ statusCode: number | undefined }> {
  return new Promise((resolve, reject) => {
    const sending = request(`${api.url}/any`, { method: 'PUT' }, (response) => {
      response.resume()
      resolve({ statusCode: response.statusCode })
    })
    sending.on('error', reject)
    sending.end(Buffer.alloc(12 * 1024 * 1024))
  })
}
