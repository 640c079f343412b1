import { request } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import type { LambdaResult } from '../local/src/function/result.ts'
import { corsRules } from '../local/src/http-api/cors.ts'
import { type Answered, HttpApi, type HttpApiOptions } from '../local/src/http-api/http-api.ts'

// A stand-in for the functions; http-api-shop.test.ts has real ones.
type Behaviour = (event: { rawPath?: string }) => Promise<Partial<LambdaResult>> | Partial<LambdaResult>

const opened: HttpApi[] = []
afterEach(() => Promise.all(opened.splice(0).map((api) => api[Symbol.asyncDispose]())))

async function listen(behaviour: Behaviour, options: Partial<HttpApiOptions> = {}) {
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

async function fetched(api: HttpApi, path: string, init: RequestInit = {}) {
  const response = await fetch(api.url + path, init)
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const failure = { ok: false, error: { errorType: 'TypeError', errorMessage: 'not today' } } as const

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

  it('with a 413 to what is longer than 10 MB, and takes what is not', async () => {
    const { api } = await listen(({ rawPath }) => ({ response: rawPath }) as Partial<LambdaResult>)
    const body = Buffer.alloc(10 * 1024 * 1024)
    expect(await fetched(api, '/any', { method: 'PUT', body })).toMatchObject({ status: 200, text: '/any' })
    const { statusCode } = await tooLong(api)
    expect(statusCode).toBe(413)
  })

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

describe("Lambda's Invoke API answers", () => {
  const post = (body: string, headers = {}) => ({ method: 'POST', body, headers })
  const path = (name: string) => `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`

  it.each([
    'thing',
    'thing:$LATEST',
    'shop-dev-thing',
    'arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-thing',
    'arn:aws:lambda:eu-west-1:123456789012:function:shop-dev-thing:live',
    '123456789012:function:shop-dev-thing',
  ])('for the function %s', async (name) => {
    const { api } = await listen((event) => ({ response: { event } }) as Partial<LambdaResult>)
    const { status, headers, text } = await fetched(api, path(name), post('{"a":1}'))
    expect([status, JSON.parse(text)]).toEqual([200, { event: { a: 1 } }])
    expect(headers.get('x-amz-executed-version')).toBe('$LATEST')
    expect(headers.has('x-amz-function-error')).toBe(false)
  })

  it('with the error of a function that failed, in its payload and in a header', async () => {
    const { api } = await listen(() => failure)
    const { status, headers, text } = await fetched(api, path('thing'), post(''))
    expect([status, headers.get('x-amz-function-error'), JSON.parse(text)]).toEqual([
      200,
      'Unhandled',
      failure.error,
    ])
  })

  it('at once where nobody waits, and with the status that tells what is wrong', async () => {
    const events: unknown[] = []
    const answer = Promise.withResolvers<Partial<LambdaResult>>()
    const { api } = await listen((event) => {
      events.push(event)
      return answer.promise
    })
    const asked = (body: string, type: string) =>
      fetched(api, path('thing'), post(body, { 'x-amz-invocation-type': type }))
    expect(await asked('{}', 'Event')).toMatchObject({ status: 202, text: '' })
    expect(events).toHaveLength(1)
    expect(await asked('{}', 'DryRun')).toMatchObject({ status: 204, text: '' })
    expect(events).toHaveLength(1)
    const bad = await asked('{', 'RequestResponse')
    expect([bad.status, bad.headers.get('x-amzn-errortype')]).toEqual([400, 'InvalidRequestContentException'])
    const unknown = await fetched(api, path('nothing'), post('{}'))
    expect([unknown.status, unknown.headers.get('x-amzn-errortype')]).toEqual([
      404,
      'ResourceNotFoundException',
    ])
    answer.resolve({ ...failure, start: 'throttled' })
    const throttled = await fetched(api, path('thing'), post('{}'))
    expect([throttled.status, throttled.headers.get('x-amzn-errortype')]).toEqual([
      429,
      'TooManyRequestsException',
    ])
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
