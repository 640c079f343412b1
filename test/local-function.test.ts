import { expect, test, vi } from 'vitest'
import type { LocalLambda } from '../local/src/function/local-lambda.ts'
import type { LocalLambdaOptions } from '../local/src/function/options.ts'
import { processStates } from '../local/src/lambda/process-state.ts'
import { databaseForFile } from './support/database.ts'
import { functionsOf } from './support/functions.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const server = databaseForFile()
const functions = functionsOf({ observed: 'test/support/observed-handler.ts' })

const start = (options: Partial<LocalLambdaOptions> = {}): Promise<LocalLambda> =>
  functions.start('observed', { database: server.current, runtime: 'loop', ...options })

/** What the handler did, and everything else about the invocation that is the same each time. */
async function invoke(lambda: LocalLambda, event: object) {
  const { start, container, connections, ...result } = await lambda.invoke(event)
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return { start, container, connections, ...(result.response as { pid: number; did: unknown }) }
}

const query = { do: 'query' }
const isGone = (pid: number) => processStates(pid).every((state) => state === 'Z')
const use = (opened: number, reused: number, replaced: number, open: number) => ({
  opened,
  reused,
  replaced,
  open,
})

describeUnderEachRuntime((runtime) => {
  test('an invocation is cold, warm or thawed, and its connections are opened, reused or replaced', async () => {
    const lambda = await start({ runtime })
    const cold = await invoke(lambda, query)
    expect(cold).toMatchObject({ start: 'cold', container: 1, connections: use(1, 0, 0, 1) })
    const { pid } = cold
    expect(await invoke(lambda, query)).toEqual({ ...cold, start: 'warm', connections: use(0, 1, 0, 1) })

    await lambda.freeze()
    expect(new Set(processStates(pid))).toEqual(new Set(['T']))
    expect(await invoke(lambda, query)).toEqual({ ...cold, start: 'thawed', connections: use(0, 1, 0, 1) })

    await lambda.freeze()
    await server.current.killConnections()
    const replacing = await invoke(lambda, { do: 'openAndClose' })
    expect(replacing).toMatchObject({ start: 'thawed', pid, connections: use(1, 0, 1, 0) })
    expect(replacing.did).not.toBe(cold.did)
    expect(await invoke(lambda, {})).toMatchObject({ start: 'warm', connections: use(0, 0, 0, 0) })
  })
})

test('what comes together runs in containers of its own, and the one used last comes first afterwards', async () => {
  const lambda = await start()
  const ended: (number | undefined)[] = []
  const one = async () => {
    const { start, container } = await invoke(lambda, query)
    ended.push(container)
    return { start, container }
  }
  expect(await Promise.all([one(), one(), one()])).toEqual(
    [1, 2, 3].map((container) => ({ start: 'cold', container })),
  )
  const [first, second, third] = ended.splice(0)
  expect(await one()).toEqual({ start: 'warm', container: third })
  await Promise.all([one(), one(), one()])
  expect(new Set(ended.slice(1))).toEqual(new Set([first, second, third]))
})

test('the server’s connections are told by their containers, and nobody else’s are among them', async () => {
  const lambda = await start()
  const [one, two] = await lambda.invokeAll([query, query])
  await using other = await start()
  await other.invoke(query)
  const rows = await lambda.connections()
  const sessions = (await server.current.connections()).length
  expect({ sessions, ours: rows.map(({ Id, container }) => [container, Id]).toSorted() }).toEqual({
    sessions: 3,
    ours: [one, two].map((result) => [
      result?.container,
      (result as unknown as { response: { did: number } }).response.did,
    ]),
  })
})

test('several invocations share a container that takes several, from its INIT on', async () => {
  const lambda = await start({ concurrency: 2 })
  const results = await lambda.invokeAll([1, 2, 3].map(() => ({ do: 'sleep', ms: 50 })))
  expect(results.map(({ container }) => container)).toEqual([1, 1, 2])
  await expect(lambda.freeze()).rejects.toThrow('takes several invocations at once is never frozen')
})

test('provisioned containers are ready before the first event; past maxContainers there is Lambda’s refusal', async () => {
  const lambda = await start({ provisioned: 2, maxContainers: 2, env: { PREWARM: 'true' } })
  expect(lambda.containers.map(({ state }) => state)).toEqual(['ready', 'ready'])
  const results = await lambda.invokeAll([query, query, query])
  expect(results.map(({ start, connections }) => ({ start, connections }))).toEqual([
    { start: 'warm', connections: use(0, 1, 0, 1) },
    { start: 'warm', connections: use(0, 1, 0, 1) },
    { start: 'throttled', connections: undefined },
  ])
  expect(results[2]).toMatchObject({
    ok: false,
    error: { errorType: 'TooManyRequestsException', errorMessage: 'Rate Exceeded.' },
  })
  expect(await lambda.invoke(query)).toMatchObject({ ok: true, start: 'warm' })
})

test('what the container has closed is not open, though the server still has it, and that is told too', async () => {
  const lambda = await start()
  const { connections } = await invoke(lambda, { do: 'abandon' })
  expect(connections).toEqual(use(1, 0, 0, 0))
  await lambda.shutdown()
  expect(await lambda.connections()).toMatchObject([{ container: 1, Info: 'DO SLEEP(60)' }])
  await server.current.killConnections()
})

test('with freezeAfter an idle container freezes by itself, and without it never', async () => {
  const [never, lambda] = await Promise.all([start(), start({ freezeAfter: 0 })])
  await never.invoke({})
  const { pid } = await invoke(lambda, {})
  await vi.waitFor(() => expect(processStates(pid)).toContain('T'))
  expect(await invoke(lambda, { do: 'sleep', ms: 50 })).toMatchObject({ start: 'thawed', pid })
  expect(await never.invoke({})).toMatchObject({ start: 'warm' })
})

test('what the server has closed before the thaw, the container finds closed as it wakes', async () => {
  const lambda = await start()
  const rounds: unknown[] = []
  for (let round = 0; round < 10; round++) {
    await invoke(lambda, { do: 'hold' })
    await lambda.freeze()
    const result = await lambda.invoke(
      { do: 'heard' },
      { beforeThaw: () => server.current.killConnections() },
    )
    rounds.push(result.ok && (result.response as { did: unknown }).did)
  }
  expect(rounds).toEqual(Array(10).fill({ atOnce: true }))
})

test('with lateBy it finds out only after the thaw', async () => {
  const lambda = await start()
  await invoke(lambda, { do: 'hold' })
  await lambda.freeze({ lateBy: 200 })
  await server.current.killConnections()
  expect((await invoke(lambda, { do: 'heard' })).did).toEqual({ atOnce: false })
})

test('a container’s network can fail by itself', async () => {
  const lambda = await start()
  const { pid } = await invoke(lambda, query)
  const network = lambda.containers[0]?.network
  network?.blackhole()
  const lost = await lambda.invoke(query, { timeout: 300 })
  expect(lost).toMatchObject({ ok: false, start: 'warm', error: { errorType: 'Sandbox.Timedout' } })
  network?.heal()
  const next = await invoke(lambda, query)
  expect(next).toMatchObject({ start: 'cold', container: 1, connections: use(1, 0, 0, 1) })
  expect(next.pid).not.toBe(pid)
})

test('a function that names the server’s host reaches it with TLS, its certificate checked', async () => {
  const { host: _, port, user, password, ca = '' } = server.current
  const env = { DB_HOST: 'localhost', DB_PORT: `${port}`, DB_USER: user, DB_PASSWORD: password, DB_CA: ca }
  const lambda = await start({ env })
  const { did, connections } = await invoke(lambda, { do: 'cipher' })
  expect(did).toMatch(/^TLS_/)
  expect(connections).toMatchObject({ opened: 1, reused: 0, replaced: 0 })
})

test.each(['shutdown', 'kill'] as const)(
  'after %s the processes are gone and the next is cold',
  async (end) => {
    const lambda = await start()
    const pids = (await lambda.invokeAll([query, query])).map(
      (result) => (result as unknown as { response: { pid: number } }).response.pid,
    )
    await lambda.freeze()
    await lambda[end]()
    expect(pids.filter((pid) => !isGone(pid))).toEqual([])
    expect(await lambda.invoke(query)).toMatchObject({ ok: true, start: 'cold', container: 3 })
  },
)

test('shutdown waits for the invocation that runs', async () => {
  const lambda = await start()
  await lambda.invoke(query)
  const sleeping = lambda.invoke({ do: 'sleep', ms: 200 })
  await lambda.shutdown()
  expect(await sleeping).toMatchObject({ ok: true, start: 'warm' })
})

test('after a shutdown the server keeps what nobody has closed', async () => {
  const [kept, closed] = await Promise.all([start(), start({ env: { CLOSES: 'yes' } })])
  await Promise.all([invoke(kept, query), invoke(closed, query)])
  await Promise.all([kept.shutdown(), closed.shutdown()])
  expect(await closed.connections()).toEqual([])
  expect(await kept.connections()).toMatchObject([{ container: 1, Command: 'Sleep' }])
  expect(await kept.invoke(query)).toMatchObject({ ok: true, start: 'cold', container: 2 })
  expect(await kept.connections()).toMatchObject([{ container: 1 }, { container: 2 }])
})

test('a new source leaves nothing of the old one at the server', async () => {
  const lambda = await start()
  await lambda.invoke(query)
  await lambda.redeploy()
  await vi.waitFor(async () => expect(await lambda.connections()).toEqual([]))
})

test('without a database there is nothing to count, and connections() says so', async () => {
  const lambda = await start({ database: undefined })
  expect(await lambda.invoke({})).toMatchObject({ ok: true, connections: undefined })
  await expect(lambda.connections()).rejects.toThrow('localLambda() was not given a database')
  await expect(lambda.freeze({ lateBy: 5 })).rejects.toThrow('lateBy needs a database')
})
