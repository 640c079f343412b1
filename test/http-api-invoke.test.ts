import { describe, expect, it } from 'vitest'
import type { LambdaResult } from '../local/src/function/result.ts'
import { failure, fetched, listen } from './support/http-api.ts'

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

  it.each([
    ['invocation-type', 'banana', 'invocationType', 'Event, RequestResponse, DryRun'],
    ['log-type', 'Head', 'logType', 'None, Tail'],
  ])('with a 400 to an x-amz-%s of %s, and invokes nothing', async (header, value, name, accepted) => {
    let invoked = 0
    const { api } = await listen(() => ({ response: ++invoked }))
    const { status, headers, text } = await fetched(
      api,
      path('thing'),
      post('{}', { [`x-amz-${header}`]: value }),
    )
    expect([status, headers.get('x-amzn-errortype'), invoked]).toEqual([400, 'ValidationException', 0])
    const why = `Value '${value}' at '${name}' failed to satisfy constraint: Member must satisfy enum value set: [${accepted}]`
    expect(JSON.parse(text).message).toBe(`1 validation error detected: ${why}`)
  })

  it.each([
    ['POST', '/2021-11-15/functions/thing/response-streaming-invocations'],
    ['POST', '/2014-11-13/functions/thing/invoke-async'],
    ['GET', '/2015-03-31/functions/thing/invocations'],
    ['GET', '/2015-03-31/functions'],
  ])('with a 404 to %s %s, also where a route takes all', async (method, unknown) => {
    let invoked = 0
    const routes = [{ method: 'ANY', path: '$default', functionName: 'thing' }]
    const { api } = await listen(() => ({ response: ++invoked }), { routes })
    const { status, headers, text } = await fetched(api, unknown, { method })
    expect([status, headers.get('x-amzn-errortype'), invoked]).toEqual([404, 'UnknownOperationException', 0])
    const known = 'Of Lambda only POST /2015-03-31/functions/{name}/invocations is here'
    expect(JSON.parse(text).message).toBe(`${known}, not ${method} ${unknown}.`)
  })

  it.each([
    [
      'RequestResponse',
      6291456,
      200,
      'Request must be smaller than 6291456 bytes for the InvokeFunction operation',
    ],
    ['Event', 1048576, 202, 'The payload is too large for the Event invocation type (limit 1048576 bytes)'],
  ])('with a 413 to an event for %s of more than %i bytes', async (type, most, taken, why) => {
    let invoked = 0
    const { api } = await listen(() => ({ response: ++invoked }))
    const asked = (length: number) =>
      fetched(
        api,
        path('thing'),
        post(JSON.stringify('x'.repeat(length - 2)), { 'x-amz-invocation-type': type }),
      )
    expect(await asked(most)).toMatchObject({ status: taken })
    for (const length of [most + 1, 11_000_000]) {
      const { status, headers, text } = await asked(length)
      expect([status, headers.get('x-amzn-errortype')]).toEqual([413, 'RequestEntityTooLargeException'])
      expect(JSON.parse(text).message).toBe(why)
    }
    expect(invoked).toBe(1)
  })
})
