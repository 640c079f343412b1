import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LambdaApi } from '../local/src/lambda/api/lambda-api.ts'
import { lifecycle } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start } = lifecycle()

describeUnderEachRuntime((runtime) => {
  test('an extension of the runtime’s process that Lambda does not take is told why', async () => {
    await using run = await start({ runtime, env: { PROBE: '' } })
    const result = await run.container.invoke()
    const { probes } = (result.ok && result.response) as { probes: { status: number; errorType?: string }[] }
    expect(probes.map(({ status, errorType }) => errorType ?? status)).toEqual([
      200,
      'Extension.InvalidExtensionState', // the name is used
      'Extension.InvalidEventType', // SHUTDOWN is for external ones
      'Extension.InvalidEventType',
      'Extension.InvalidExtensionName',
      ...Array.from({ length: 9 }, () => 200),
      'Extension.TooManyExtensions', // the eleventh
    ])
    expect(new Set(probes.filter(({ errorType }) => errorType).map(({ status }) => status))).toEqual(
      new Set([403]),
    )
  })

  test('registration is closed once the runtime has called Next', async () => {
    await using run = await start({ runtime })
    const refused = {
      status: 403,
      errorType: 'Extension.RegistrationClosed',
      errorMessage: 'Extension registration closed already',
    }
    expect(await run.container.invoke({ do: 'register', name: 'late' })).toMatchObject({ response: refused })
  })
})

describe('the words of the Extensions API', () => {
  const about = { functionName: 'shop', functionVersion: '$LATEST', handler: 'shop.handler' }
  let api: LambdaApi
  beforeAll(async () => {
    api = await LambdaApi.listen({ about, external: ['observer'], managedInstances: false })
  })
  afterAll(() => api.close())

  async function call(method: string, path: string, headers: Record<string, string> = {}, body = '') {
    const sent = method === 'GET' ? {} : { body }
    const response = await fetch(`http://${api.address}/${path}`, { method, headers, ...sent })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }
  const register = (name: string, body: string, feature = '') =>
    call(
      'POST',
      '2020-01-01/extension/register',
      { 'lambda-extension-name': name, 'lambda-extension-accept-feature': feature },
      body,
    )

  test('who registers learns its identifier and whose extension it is', async () => {
    const { status, headers, body } = await register('first', '{"events":["INVOKE"]}', 'accountId')
    expect([status, body]).toEqual([200, { ...about, accountId: '123456789012' }])
    expect(headers.get('lambda-extension-identifier')).toMatch(/^[\da-f-]{36}$/)
    expect((await register('second', '{"events":[]}')).body).toEqual(about)
    expect((await register('second', '{"events":[]}')).body).toEqual({
      errorType: 'Extension.InvalidExtensionState',
      errorMessage: 'Extension with this name already registered',
    })
  })

  test('an external extension registers once, by its file’s name, and may ask for SHUTDOWN', async () => {
    const all = '{"events":["INVOKE","SHUTDOWN"]}'
    expect(await register('observer', all)).toMatchObject({ status: 200 })
    expect(await register('observer', all)).toMatchObject({
      status: 403,
      body: {
        errorType: 'Extension.InvalidExtensionState',
        errorMessage:
          'State transition from Registered to Registered failed for extension observer. Error: State transition is not allowed',
      },
    })
  })

  test.each([
    [
      '{"events":["SHUTDOWN"]}',
      'SHUTDOWN: ShutdownEventNotSupportedForInternalExtension',
      'Extension.InvalidEventType',
    ],
    ['{"events":["STARTUP"]}', 'STARTUP: ErrorInvalidEventType', 'Extension.InvalidEventType'],
    ['{"events":"INVOKE"}', 'events is not an array of strings', 'InvalidRequestFormat'],
    ['{"events":{"a":1}}', 'events is not an array of strings', 'InvalidRequestFormat'],
    ['{"events":[1]}', 'events is not an array of strings', 'InvalidRequestFormat'],
    ['no JSON', 'The body is not a JSON object', 'InvalidRequestFormat'],
  ])('a registration with %s is refused', async (body, errorMessage, errorType) => {
    expect(await register('internal', body)).toMatchObject({ status: 403, body: { errorType, errorMessage } })
  })

  test.each(['{}', '{"events":null}'])('a registration with %s is one for no events', async (body) => {
    const name = `none by ${body.length} characters`
    expect(await register(name, body)).toMatchObject({ status: 200 })
    expect(api.extensions.all.at(-1)).toMatchObject({ name, events: [] })
  })

  const identifier = '0f0b7c52-5d64-4a1c-9f3e-7d5f6a1b2c3d'
  test.each([
    ['none', {}, 'Missing Lambda-Extension-Identifier header', 'Extension.MissingExtensionIdentifier'],
    [
      'no UUID',
      { 'lambda-extension-identifier': 'me' },
      'Invalid Lambda-Extension-Identifier',
      'Extension.InvalidExtensionIdentifier',
    ],
    [
      'nobody’s',
      { 'lambda-extension-identifier': identifier },
      `Unknown extension ${identifier}`,
      'Extension.UnknownExtensionIdentifier',
    ],
  ])('an identifier that is %s is refused everywhere', async (_what, headers, errorMessage, errorType) => {
    for (const [method, path] of [
      ['GET', 'event/next'],
      ['POST', 'init/error'],
      ['POST', 'exit/error'],
    ] as const)
      expect(await call(method, `2020-01-01/extension/${path}`, headers)).toMatchObject({
        status: 403,
        body: { errorType, errorMessage },
      })
  })

  test('after an error that it reported, an extension can do no more', async () => {
    const id = String((await register('failing', '{"events":[]}')).headers.get('lambda-extension-identifier'))
    const headers = { 'lambda-extension-identifier': id }
    const error = (kind: string, type: Record<string, string>) =>
      call('POST', `2020-01-01/extension/${kind}/error`, { ...headers, ...type })
    const typed = { 'lambda-extension-function-error-type': 'Extension.NoConfiguration' }
    expect(await error('init', {})).toMatchObject({
      status: 403,
      body: {
        errorType: 'Extension.MissingHeader',
        errorMessage: 'Lambda-Extension-Function-Error-Type not found',
      },
    })
    expect(await error('init', typed)).toMatchObject({ status: 202, body: { status: 'OK' } })
    expect(await call('GET', '2020-01-01/extension/event/next', headers)).toMatchObject({
      status: 403,
      body: {
        errorType: 'Extension.InvalidExtensionState',
        errorMessage: `State transition from InitError to Ready failed for extension ${id}. Error: State transition is not allowed`,
      },
    })
    expect(api.extensions.fatalError).toBe('Extension.InitError')
  })

  test('who wants logs or telemetry is told that there is none, and may go on', async () => {
    expect(await call('PUT', '2022-07-01/telemetry', {}, '{}')).toMatchObject({
      status: 202,
      body: { errorType: 'Telemetry.NotSupported' },
    })
    expect(await call('GET', 'elsewhere')).toMatchObject({ status: 404 })
  })
})

describe('on Managed Instances', () => {
  test('internal extensions are told of nothing, and external ones not of invocations', async () => {
    const about = { functionName: 'shop', functionVersion: '$LATEST', handler: 'shop.handler' }
    const api = await LambdaApi.listen({ about, external: ['observer'], managedInstances: true })
    const register = async (name: string, events: string[]) => {
      const url = `http://${api.address}/2020-01-01/extension/register`
      const init = {
        method: 'POST',
        headers: { 'lambda-extension-name': name },
        body: JSON.stringify({ events }),
      }
      return (await (await fetch(url, init)).json()) as { errorType?: string }
    }
    expect((await register('internal', ['INVOKE'])).errorType).toBe('Extension.InvalidEventType')
    expect((await register('observer', ['INVOKE'])).errorType).toBe('Extension.InvalidEventType')
    expect((await register('observer', ['SHUTDOWN'])).errorType).toBeUndefined()
    api.close()
  })
})
