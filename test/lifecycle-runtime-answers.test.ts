import { request } from 'node:http'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { LambdaApi } from '../local/src/lambda/api/lambda-api.ts'
import { Invocation } from '../local/src/lambda/invocation.ts'
import { pending } from './support/lifecycle.ts'

const about = { functionName: 'shop', functionVersion: '$LATEST', handler: 'shop.handler' }
let api: LambdaApi
beforeEach(async () => {
  api = await LambdaApi.listen({ about, external: [], managedInstances: false })
})
afterEach(() => api.close())

const urlOf = (path: string) => `http://${api.address}/2018-06-01/runtime/${path}`

async function post(path: string, body: string, headers: Record<string, string> = {}) {
  const response = await fetch(urlOf(path), { method: 'POST', body, headers })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

async function next(): Promise<string> {
  return (await (await fetch(urlOf('invocation/next'))).json()) as string
}

function deliver(event: unknown): Invocation {
  const invocation = new Invocation(event, 60_000, 'arn:aws:lambda:us-east-1:123456789012:function:shop')
  api.deliver(invocation)
  return invocation
}

test('an answer to what nobody asked is refused, and so is a second one', async () => {
  const { requestId } = deliver('first')
  expect(await next()).toBe('first')
  const invalid = { errorMessage: 'Invalid request ID', errorType: 'InvalidRequestID' }
  expect(await post('invocation/another/response', '1')).toEqual({ status: 400, body: invalid })
  expect(await post(`invocation/${requestId}/response`, '1')).toEqual({ status: 202, body: { status: 'OK' } })
  const message = (state: string) =>
    `State transition from ResponseSent to ${state} failed for runtime. Error: State transition is not allowed`
  for (const [kind, state] of [
    ['response', 'InvocationResponse'],
    ['error', 'InvocationErrorResponse'],
  ] as const)
    expect(await post(`invocation/${requestId}/${kind}`, '2')).toEqual({
      status: 403,
      body: { errorType: 'InvalidStateTransition', errorMessage: message(state) },
    })
})

test('of two answers that come at once the first to begin counts', async () => {
  const invocation = deliver('first')
  const { requestId } = invocation
  await next()
  const slow = request(urlOf(`invocation/${requestId}/response`), { method: 'POST' })
  slow.write('"the ')
  const statusOfSlow = new Promise((resolve) => slow.on('response', ({ statusCode }) => resolve(statusCode)))
  while (!invocation.taken) await new Promise((resolve) => setTimeout(resolve, 1))
  expect(await post(`invocation/${requestId}/error`, '{}')).toMatchObject({ status: 403 })
  slow.end('first"')
  expect(await statusOfSlow).toBe(202)
  expect(invocation.answer).toEqual({ response: 'the first' })
})

test('an answer that was cut off does not stand in the way of another', async () => {
  const invocation = deliver('first')
  await next()
  const cut = request(urlOf(`invocation/${invocation.requestId}/response`), { method: 'POST' })
  cut.on('error', () => {}).write('"the ')
  while (!invocation.taken) await new Promise((resolve) => setTimeout(resolve, 1))
  cut.destroy()
  await vi.waitFor(async () =>
    expect(await post(`invocation/${invocation.requestId}/response`, '2')).toMatchObject({ status: 202 }),
  )
  expect(invocation.answer).toEqual({ response: 2 })
})

test('who calls Next without having answered is given the same event again', async () => {
  const invocation = deliver('first')
  expect([await next(), await next()]).toEqual(['first', 'first'])
  expect(await pending(api.over(invocation))).toBe(true)
})

test('INIT cannot fail any more once Next was called', async () => {
  deliver('first')
  await next()
  expect(await post('init/error', '{}')).toMatchObject({
    status: 403,
    body: { errorType: 'InvalidStateTransition' },
  })
})

test('a mode of response that does not exist is refused, and the caller told', async () => {
  const invocation = deliver('first')
  await next()
  const mode = { 'lambda-runtime-function-response-mode': 'slowly' }
  const body = { errorMessage: 'Invalid function response mode', errorType: 'InvalidFunctionResponseMode' }
  expect(await post(`invocation/${invocation.requestId}/response`, '1', mode)).toEqual({ status: 400, body })
  expect(invocation.answer).toMatchObject({ error: { errorType: 'Runtime.InvalidResponseModeHeader' } })
})

test('a Next that comes while a streamed response does waits for its end', async () => {
  const invocation = deliver('first')
  await next()
  const headers = { 'lambda-runtime-function-response-mode': 'streaming' }
  const response = request(urlOf(`invocation/${invocation.requestId}/response`), { method: 'POST', headers })
  response.on('error', () => {}).write('one')
  while (!invocation.streaming) await new Promise((resolve) => setTimeout(resolve, 1))
  const following = next()
  expect(await pending(Promise.race([api.over(invocation), following]))).toBe(true)
  response.end('two')
  await api.over(invocation)
  expect(invocation.answer).toMatchObject({ response: 'onetwo' })
  deliver('second')
  expect(await following).toBe('second')
})

test('of a response whose sender has gone there is what came', async () => {
  const invocation = deliver('first')
  await next()
  const headers = { 'lambda-runtime-function-response-mode': 'streaming' }
  const response = request(urlOf(`invocation/${invocation.requestId}/response`), { method: 'POST', headers })
  response.on('error', () => {}).write('one')
  while (invocation.streaming?.soFar().body.length !== 3)
    await new Promise((resolve) => setTimeout(resolve, 1))
  response.destroy()
  await invocation.answered
  expect(invocation.answer).toMatchObject({ error: { errorType: 'Runtime.TruncatedResponse' } })
  expect(invocation.answer?.streamed?.body.toString()).toBe('one')
})
