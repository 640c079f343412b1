import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { lifecycle } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, extension, gate, write } = lifecycle()

const handler = write(
  'mishaps.mjs',
  `import { setTimeout as delay } from 'node:timers/promises'
  let calls = 0
  export const handler = async ({ ms = 0 }, context) => {
    calls++
    const left = context.getRemainingTimeInMillis()
    await delay(ms)
    return { calls, left }
  }`,
)

const circular: Record<string, unknown> = {}
circular.itself = circular

const REFUSED = [
  [circular, {}, /^The event cannot be said in JSON: Converting circular structure/],
  [{ n: 1n }, {}, /^The event cannot be said in JSON: .*BigInt/],
  [() => 1, {}, /^The event is a function, but must be what JSON can say\.$/],
  ['x'.repeat(6 * 1024 ** 2 - 1), {}, /^The event has 6291457 bytes, but Lambda takes at most 6291456\.$/],
  [{}, { timeout: '5' }, /^invoke: timeout is '5', but must be milliseconds/],
  [{}, { beforeThaw: 5 }, /^invoke: beforeThaw is 5, but must be a function/],
] as const

test('an event or an option that is wrong is refused in one sentence, and nothing is begun', async () => {
  await using run = await start({ handler, runtime: 'loop' })
  const { container, platform } = run
  await container.freeze()
  for (const [event, options, sentence] of REFUSED) {
    await expect(container.invoke(event, options as object)).rejects.toThrow(sentence)
    expect(container.state).toBe('frozen')
  }
  expect(platform.filter((line) => line.startsWith('START'))).toEqual([])
  expect(await container.invoke()).toMatchObject({ ok: true, response: { calls: 1 } })
})

test('a beforeThaw that throws is the caller’s mistake, and the invocation is over all the same', async () => {
  await using run = await start({ handler, runtime: 'loop' })
  const { container, platform } = run
  const atOnce = () => {
    throw new Error('mine')
  }
  for (const beforeThaw of [async () => atOnce(), atOnce]) {
    await container.freeze()
    await expect(container.invoke({}, { beforeThaw })).rejects.toThrow('mine')
    expect(platform.at(-1)).toMatch(/^REPORT/)
    expect(container.state).toBe('ready')
  }
  expect(await container.invoke()).toMatchObject({ ok: true, response: { calls: 3 } })
})

test('a beforeThaw that never ends is cut off by the timeout, or by the end of the container', async () => {
  await using run = await start({ handler, runtime: 'loop' })
  const { container } = run
  const beforeThaw = () => new Promise(() => {})
  await container.freeze()
  expect(await container.invoke({}, { beforeThaw, timeout: 200 })).toMatchObject({ status: 'timeout' })
  expect(await container.invoke()).toMatchObject({ ok: true, response: { calls: 1 } })
  await container.freeze()
  const invoked = container.invoke({}, { beforeThaw })
  await container.stop()
  expect(await invoked).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' } })
})

describeUnderEachRuntime((runtime) => {
  test('the handler’s deadline is the timeout’s, with what was done before the thaw', async () => {
    await using run = await start({ handler, runtime })
    const { container } = run
    await container.freeze()
    const result = await container.invoke({}, { timeout: 5000, beforeThaw: () => delay(300) })
    const { left } = (result as unknown as { response: { left: number } }).response
    expect(left).toBeLessThanOrEqual(4701)
    expect(result.durationMs).toBeLessThan(5000 - left)
    await container.freeze()
    // What the handler needs is less than the timeout, and more than is left of it.
    const late = await container.invoke({ ms: 450 }, { timeout: 600, beforeThaw: () => delay(300) })
    expect(late).toMatchObject({ ok: false, status: 'timeout', durationMs: 600 })
  })
})

test('a shutdown waits for the invocation that runs, also when a newer one is over', async () => {
  await using run = await start({ handler, runtime: 'loop', concurrency: 2 })
  const { container } = run
  const older = container.invoke({ ms: 400 })
  const newer = container.invoke()
  const ended: string[] = []
  const shutdown = container.shutdown().then(() => ended.push('container'))
  void newer.then(() => ended.push('newer'))
  void older.then(() => ended.push('older'))
  await shutdown
  expect(ended).toEqual(['newer', 'older', 'container'])
})

test('an event that comes while extensions are on their way out has all of its time', async () => {
  const end = gate()
  const env = { EVENTS: 'SHUTDOWN', END: end.file }
  await using run = await start({ handler, runtime: 'loop', extensions: [extension], env })
  const { container, printed } = run
  await container.invoke()
  process.kill(container.pid, 'SIGKILL')
  await printed.line(/told SHUTDOWN failure/)
  const began = performance.now()
  const invoked = container.invoke()
  await delay(300)
  end.open()
  const { ok, durationMs } = await invoked
  expect(ok).toBe(true)
  expect(performance.now() - began - durationMs).toBeGreaterThan(299)
})
