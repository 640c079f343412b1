import { expect, test } from 'vitest'
import { gone, lifecycle } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, extension } = lifecycle()

describeUnderEachRuntime((runtime) => {
  test('a timeout sends SIGTERM first where an extension has registered', async () => {
    await using run = await start({ runtime, env: { INTERNAL: '' }, timeout: 300 })
    const { container, printed } = run
    const result = await container.invoke({ do: 'hang' })
    expect(result).toMatchObject({ ok: false, status: 'timeout' })
    await printed.line(/^SIGTERM$/)
    expect(gone(container.pid)).toBe(true)
  })

  test('a handler that throws leaves process and extensions as they are', async () => {
    await using run = await start({ runtime, env: { INTERNAL: '' } })
    const { container, printed } = run
    const { pid } = container
    const error = { errorType: 'TypeError', errorMessage: 'not today' }
    expect(await container.invoke({ do: 'throw' })).toMatchObject({ ok: false, error, status: 'error' })
    expect(await container.invoke()).toMatchObject({ ok: true, response: { loads: 1, pid } })
    expect(printed.count(/SIGTERM/)).toBe(0)
  })
})

test.each([
  ['a timeout', { do: 'hang' }, 'Sandbox.Timedout'],
  ['a crash', { do: 'crash' }, 'Runtime.ExitError'],
  ['a kill', { do: 'die' }, 'Runtime.ExitError'],
])(
  'after %s the container goes on with a new process and its scratch directory',
  async (what, event, errorType) => {
    await using run = await start()
    const { container } = run
    const { pid, scratch } = container
    expect(await container.invoke()).toMatchObject({ ok: true, response: { loads: 1, pid, scratch } })
    await container.freeze()
    const timeout = what === 'a timeout' ? 200 : 20_000
    const broken = await container.invoke(event, { timeout })
    expect(broken).toMatchObject({ ok: false, error: { errorType } })
    expect([container.state, container.pid, gone(pid)]).toEqual(['cold', pid, true])
    await container.freeze() // of which nothing is left
    expect(container.state).toBe('cold')
    const next = await container.invoke()
    expect(next).toMatchObject({ ok: true, response: { loads: 2, pid: container.pid, scratch } })
    expect(container.pid).not.toBe(pid)
    expect(Number(next.suppressedInitMs)).toBeGreaterThan(0)
  },
)

test('what the kernel killed is told in Lambda’s words', async () => {
  await using run = await start()
  const result = await run.container.invoke({ do: 'die' })
  const errorMessage = `RequestId: ${result.requestId} Error: Runtime exited with error: signal: killed`
  expect(result).toMatchObject({ error: { errorMessage } })
})

test('extensions are told why they are to end', async () => {
  await using run = await start({ extensions: [extension], env: { EVENTS: 'SHUTDOWN' } })
  const { container, printed } = run
  await container.invoke({ do: 'hang' }, { timeout: 300 })
  await container.invoke({ do: 'crash' })
  await container.invoke()
  await container.shutdown()
  const told = printed.lines.filter((line) => line.includes(' told '))
  expect(told.map((line) => line.split(' ').slice(2, 4))).toEqual([
    ['SHUTDOWN', 'timeout'],
    ['SHUTDOWN', 'failure'],
    ['SHUTDOWN', 'spindown'],
  ])
})

test('a container that takes several invocations at once is over when its process has crashed', async () => {
  await using run = await start({ runtime: 'loop', concurrency: 2 })
  const { container } = run
  const results = await Promise.all([container.invoke({ do: 'hang' }), container.invoke({ do: 'crash' })])
  for (const result of results)
    expect(result).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' } })
  expect(container.state).toBe('stopped')
})
