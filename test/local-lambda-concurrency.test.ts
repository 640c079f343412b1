import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Container } from '../local/src/lambda/container.ts'
import { type ContainerOptions, startContainer } from '../local/src/lambda/init.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const directory = mkdtempSync(join(tmpdir(), 'local-lambda-'))
const handler = join(directory, 'meeting.mjs')
afterAll(() => rmSync(directory, { recursive: true }))

/**
 * `meet` answers nobody until as many as are expected have come; `never` answers nobody; `block` holds the thread until the gate
 * is there.
 */
const MEETING = `
import { existsSync } from 'node:fs'
const waiting = []
const names = []
const does = {
  async meet({ guests }) {
    await new Promise((met) => waiting.push(met) === guests && waiting.splice(0).forEach((open) => open()))
  },
  never: () => new Promise(() => setInterval(() => {}, 60_000)),
  async block({ gate }) {
    while (!existsSync(gate)) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5)
  },
  async called() { return names },
  async environment() { return process.env },
}
export const handler = async (event, context) => {
  names.push(event.name)
  const did = await does[event.do]?.(event)
  return { did, name: event.name, requestId: context.awsRequestId, left: context.getRemainingTimeInMillis() }
}
`
beforeAll(() => writeFileSync(handler, MEETING))

describeUnderEachRuntime((runtime) => {
  const containers: Container[] = []
  afterEach(() => Promise.all(containers.splice(0).map((container) => container.stop())))

  async function start(concurrency: number, options: Partial<ContainerOptions> = {}): Promise<Container> {
    const env = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' }
    // Longer than a test may take: nothing but an answer ends an invocation here.
    const timeout = 60_000
    const container = await startContainer({ handler, runtime, env, concurrency, timeout, ...options })
    containers.push(container)
    return container
  }

  test('as many invocations as it takes run at once, and each has its own answer', async () => {
    const container = await start(3)
    for (let round = 0; round < 2; round++) {
      const names = ['a', 'b', 'c']
      const results = await Promise.all(
        names.map((name) => container.invoke({ do: 'meet', guests: 3, name })),
      )
      for (const [i, result] of results.entries())
        expect(result).toMatchObject({ ok: true, response: { name: names[i], requestId: result.requestId } })
      expect(container.state).toBe('ready')
    }
  })

  test('one more is refused, until one has been answered', async () => {
    const container = await start(2)
    const meeting = [1, 2].map(() => container.invoke({ do: 'meet', guests: 2 }))
    expect(container.state).toBe('busy')
    await expect(container.invoke({})).rejects.toThrow(/busy: it takes 2 invocations at a time/)
    await Promise.all(meeting)
    expect(await container.invoke({})).toMatchObject({ ok: true })
  })

  test('the time of one is its own: it is told when it is up, and nothing else ends', async () => {
    const container = await start(3)
    const others = [1, 2].map(() => container.invoke({ do: 'meet', guests: 3 }))
    const error = {
      errorType: 'Sandbox.Timedout',
      errorMessage: expect.stringContaining('Task timed out after 0.20 seconds'),
    }
    expect(await container.invoke({ do: 'never' }, { timeout: 200 })).toMatchObject({ ok: false, error })
    expect(container.state).toBe('busy')
    const last = container.invoke({ do: 'meet', guests: 3 })
    for (const result of await Promise.all([...others, last])) expect(result).toMatchObject({ ok: true })
    expect(container.state).toBe('ready')
  })

  test('an answer that comes late is dropped', async () => {
    const container = await start(2)
    const late = await container.invoke({ do: 'meet', guests: 2 }, { timeout: 200 })
    expect(late).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } })
    expect(await container.invoke({ do: 'meet', guests: 2, name: 'second' })).toMatchObject({
      ok: true,
      response: { name: 'second' },
    })
    for (let i = 0; i < 5; i++) expect(await container.invoke({})).toMatchObject({ ok: true })
  })

  test('what no thread has taken in time is never run', async () => {
    const container = await start(3)
    const gate = join(directory, `gate-${runtime}`)
    const blocking = container.invoke({ do: 'block', gate })
    // The real client has asked for one more before it runs the handler; nobody asks for the last.
    const late = ['asked for', 'last'].map((name) => container.invoke({ name }, { timeout: 200 }))
    for (const result of await Promise.all(late))
      expect(result).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } })
    writeFileSync(gate, '')
    expect(await blocking).toMatchObject({ ok: true })
    const result = await container.invoke({ do: 'called', name: 'called' })
    const { did } = (result.ok && result.response) as { did: string[] }
    expect(did).toContain('called')
    expect(did).not.toContain('last')
  })

  test('the environment says so', async () => {
    const container = await start(5)
    expect(await container.invoke({ do: 'environment' })).toMatchObject({
      response: {
        did: {
          AWS_LAMBDA_MAX_CONCURRENCY: '5',
          AWS_LAMBDA_INITIALIZATION_TYPE: 'lambda-managed-instances',
        },
      },
    })
  })

  test('nothing freezes it', async () => {
    const container = await start(1)
    await expect(container.freeze()).rejects.toThrow(/never frozen/)
    expect(await container.invoke({})).toMatchObject({ ok: true })
  })

  test.each([0, 1.5, Number.NaN])('%d is no number of invocations', async (concurrency) => {
    await expect(start(concurrency)).rejects.toThrow(
      /concurrency is .+, but must be a whole number from 1\.$/,
    )
  })
})
