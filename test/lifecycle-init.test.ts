import { existsSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { Container } from '../local/src/lambda/container.ts'
import { planOf } from '../local/src/lambda/plan.ts'
import { gone, lifecycle, Printed } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, open, write, gate, handler: handlerFile } = lifecycle()
const INIT_REPORT = /^INIT_REPORT Init Duration: \d+\.\d\d ms\t/

describeUnderEachRuntime((runtime) => {
  test.each([
    ['throw', 'error\tError Type: RangeError'],
    ['exit', 'error\tError Type: Runtime.ExitError'],
    ['last', 'timeout'],
  ])('an INIT that fails is run again with the first invocation: %s', async (how, status) => {
    const loaded = gate()
    const failing = { env: { FAILS: '1', HOW: how } }
    const lasting = { env: { LOADS: loaded.file }, initTimeout: 400 }
    await using run = await open({ runtime, ...(how === 'last' ? lasting : failing) })
    const { container, platform } = run
    expect(container.state).toBe('cold')
    expect(platform.at(-1)).toMatch(INIT_REPORT)
    expect(platform.at(-1)).toContain(`\tPhase: init\tStatus: ${status}`)
    loaded.open()
    const result = await container.invoke()
    expect(result).toMatchObject({ ok: true, response: { scratch: container.scratch } })
    const { loads } = (result.ok && result.response) as { loads: number }
    if (how !== 'last') expect(loads).toBe(2)
    expect(result.initMs).toBeUndefined()
    expect(result.suppressedInitMs).toBeGreaterThan(0)
    expect(result.durationMs).toBeGreaterThan(Number(result.suppressedInitMs))
    expect(container.state).toBe('ready')
    expect(await container.invoke()).toMatchObject({ ok: true, response: { loads, pid: container.pid } })
  })
})

test('an invocation whose INIT fails again is answered with what went wrong, and the next one tries again', async () => {
  await using run = await open({ env: { FAILS: '2', HOW: 'throw' } })
  const { container, platform } = run
  const told = { errorType: 'RangeError', errorMessage: 'not yet' }
  expect(await container.invoke()).toMatchObject({ ok: false, error: told, status: 'error' })
  expect(container.state).toBe('cold')
  expect(platform.filter((line) => INIT_REPORT.test(line)).map((line) => line.split('\t')[1])).toEqual([
    'Phase: init',
    'Phase: invoke',
  ])
  expect(platform.at(-1)).toMatch(/^REPORT .*\tStatus: error\tError Type: RangeError$/)
  expect(await container.invoke()).toMatchObject({ ok: true, response: { loads: 3 } })
})

test('INIT with an invocation is within the function’s timeout', async () => {
  const loaded = gate()
  await using run = await open({ initTimeout: 300, timeout: 500, env: { LOADS: loaded.file } })
  const { container } = run
  const result = await container.invoke()
  const errorMessage = `RequestId: ${result.requestId} Error: Task timed out after 0.50 seconds`
  const error = { errorType: 'Sandbox.Timedout', errorMessage }
  expect(result).toMatchObject({ ok: false, error, durationMs: 500, status: 'timeout' })
  expect(gone(container.pid)).toBe(true)
  loaded.open()
  expect(await container.invoke({}, { timeout: 20_000 })).toMatchObject({ ok: true })
})

test('a handler that ends the process without a word is told so', async () => {
  const handler = write('quiet.mjs', 'export const handler = () => process.exit(0)')
  await using run = await start({ handler })
  const result = await run.container.invoke()
  const errorMessage = `RequestId: ${result.requestId} Error: Runtime exited without providing a reason`
  expect(result).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError', errorMessage } })
})
test('an environment made ahead says so, reports its INIT, and its first invocation does not pay for it', async () => {
  const initializationType = 'provisioned-concurrency'
  const handler = write(
    'type.mjs',
    'export const handler = async () => process.env.AWS_LAMBDA_INITIALIZATION_TYPE',
  )
  await using run = await open({ initializationType, handler })
  expect(run.platform[1]).toMatch(/^INIT_REPORT Init Duration: \d+\.\d\d ms\tPhase: init$/)
  const result = await run.container.invoke()
  expect(result).toMatchObject({ ok: true, response: initializationType })
  expect(result).not.toHaveProperty('initMs')
  expect(result.billedMs).toBe(Math.ceil(result.durationMs))
})

test('an environment made ahead whose INIT fails never comes to be', async () => {
  const initializationType = 'provisioned-concurrency'
  const opening = open({ initializationType, env: { FAILS: '1', HOW: 'throw' } })
  await expect(opening).rejects.toThrow(/^INIT of \S+ failed with RangeError: not yet$/)
})

test('INIT may last 10 s on demand, and ahead of invocations 130 s or as long as the function', () => {
  const handler = write('fine.mjs', 'export const handler = async () => {}')
  const limit = (options: object) => planOf({ handler, runtime: 'loop', ...options }).initTimeout
  expect(limit({ timeout: 900_000 })).toBe(10_000)
  expect(limit({ initializationType: 'provisioned-concurrency' })).toBe(130_000)
  expect(limit({ initializationType: 'provisioned-concurrency', timeout: 900_000 })).toBe(900_000)
  expect(limit({ concurrency: 4 })).toBe(130_000)
})

test.each([
  [{ memorySize: 64 }, 'startContainer: memorySize is 64, but must be a whole number from 128 to 10240.'],
  [
    { initializationType: 'lazy' as 'on-demand' },
    /^startContainer: initializationType is 'lazy', but must be 'on-demand', /,
  ],
  [{ initializationType: 'on-demand' as const, concurrency: 2 }, /concurrency is 2, but concurrency is for /],
  [
    { initializationType: 'lambda-managed-instances' as const },
    /concurrency is undefined, but concurrency is for /,
  ],
])('refuses %o in one sentence', async (options, sentence) => {
  await expect(start(options)).rejects.toThrow(sentence)
})

test('a container that is stopped while it starts leaves nothing behind', async () => {
  const printed = new Printed()
  const env = { FAILS: '1', HOW: 'hang' }
  const container = new Container(
    planOf({ handler: handlerFile, env, onOutput: (line) => printed.add(line) }),
  )
  const starting = container.init()
  await printed.line(/^load 1/)
  await container.stop()
  expect(await starting).toMatchObject({ kind: 'exit', how: 'signal: killed' })
  expect(container.state).toBe('stopped')
  expect(existsSync(container.scratch)).toBe(false)
})

test('what its own scratch directory holds goes with the container', async () => {
  const run = await start()
  const { scratch } = run.container
  expect(readFileSync(`${scratch}/loads`, 'utf8')).toBe('x')
  await run.container.stop()
  expect(() => readFileSync(`${scratch}/loads`)).toThrow('ENOENT')
})
