import { expect, test } from 'vitest'
import { chooseRuntime } from '../local/src/lambda/runtime.ts'
import { gone, lifecycle, type Printed } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, extension, gate } = lifecycle()

async function timed(work: Promise<unknown>): Promise<number> {
  const began = performance.now()
  await work
  return performance.now() - began
}

const extensionPid = async (printed: Printed) => Number((await printed.line(/^observer\.mjs pid (\d+)/))[1])

describeUnderEachRuntime((runtime) => {
  test('without an extension it is killed, without a word', async () => {
    await using run = await start({ runtime, env: { HEARS: '' } })
    const { container, printed } = run
    const handled = container.invoke({ do: 'say', text: 'handled' })
    await container.shutdown()
    expect(await handled).toMatchObject({ ok: true })
    expect([container.state, gone(container.pid)]).toEqual(['stopped', true])
    expect(printed.count(/SIGTERM/)).toBe(0)
    await expect(container.invoke()).rejects.toThrow('The container has stopped: start another.')
  })

  test('an internal extension is sent SIGTERM, out of a freeze too, and killed after 500 ms', async () => {
    await using run = await start({ runtime, env: { INTERNAL: '' } })
    const { container, printed } = run
    await container.freeze()
    const took = await timed(container.shutdown())
    expect(printed.count(/^SIGTERM$/)).toBe(1)
    expect(gone(container.pid)).toBe(true)
    expect(took).toBeGreaterThanOrEqual(490)
    expect(took).toBeLessThan(1900)
  })
})

// What follows mostly waits: side by side.

// Not under AWS's client: its process does not exit while it waits in its native Next.
test.concurrent('a process that obeys SIGTERM is not waited for, and extensions are told after it', async () => {
  await using run = await start({ runtime: 'loop', extensions: [extension], env: { INTERNAL: '' } })
  const { container, printed } = run
  await container.invoke({ do: 'obey' })
  await container.shutdown()
  const [, left] = await printed.line(/^observer\.mjs told SHUTDOWN spindown (\d+)/)
  expect(printed.lines.slice(-3).map((line) => line.split(' ').slice(0, 2).join(' '))).toEqual([
    'SIGTERM',
    'observer.mjs told',
    'observer.mjs ends',
  ])
  expect(Number(left)).toBeGreaterThan(1400) // of 2000, of which the runtime has 600 if it takes them
})

test.concurrent('an external extension has until its deadline to end, out of a freeze too', async () => {
  const end = gate()
  await using run = await start({ extensions: [extension], env: { END: end.file } })
  const { container, printed } = run
  const pid = await extensionPid(printed)
  await container.freeze()
  const going = container.shutdown()
  const [, left] = await printed.line(/^observer\.mjs told SHUTDOWN spindown (\d+)/)
  expect(Number(left)).toBeLessThanOrEqual(2000)
  expect(gone(pid)).toBe(false)
  end.open()
  await going
  expect(gone(pid)).toBe(true)
  expect(printed.lines.at(-1)).toBe('observer.mjs ends')
})

test.concurrent('an external extension that stays is killed 2000 ms after the beginning', async () => {
  const env = { END: gate().file, INTERNAL: '' }
  const { container, printed } = await start({ runtime: 'loop', extensions: [extension], env })
  const pid = await extensionPid(printed)
  const took = await timed(container.shutdown())
  expect(gone(pid)).toBe(true)
  expect(took).toBeGreaterThanOrEqual(1990)
  expect(took).toBeLessThan(4000)
  const [, left] = await printed.line(/^observer\.mjs told SHUTDOWN spindown (\d+)/)
  expect(Number(left)).toBeLessThanOrEqual(1410) // the runtime, which stayed too, had 600 of them
  expect(Number(left)).toBeGreaterThan(500)
})

test.concurrent('an external extension that did not ask for SHUTDOWN is killed at once', async () => {
  await using run = await start({
    runtime: 'loop',
    extensions: [extension],
    env: { EVENTS: 'INVOKE', END: gate().file },
  })
  const pid = await extensionPid(run.printed)
  const took = await timed(run.container.shutdown())
  expect([gone(pid), run.printed.count(/SHUTDOWN spin/)]).toEqual([true, 0])
  expect(took).toBeLessThan(1900)
})

test.skipIf(chooseRuntime('auto').name !== 'ric')(
  'on Managed Instances a handler for SIGTERM is in a worker thread, where none comes',
  async () => {
    const env = { INTERNAL: '', AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' }
    await using run = await start({ concurrency: 1, env })
    await run.container.invoke()
    await run.container.shutdown()
    expect([gone(run.container.pid), run.printed.count(/^SIGTERM$/)]).toEqual([true, 0])
  },
)
