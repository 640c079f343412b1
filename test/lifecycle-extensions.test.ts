import { chmodSync } from 'node:fs'
import { expect, test } from 'vitest'
import { processStates } from '../local/src/lambda/process-state.ts'
import { gone, lifecycle, Printed, pending } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, open, extension, gate, write } = lifecycle()
const EXTENSION_PID = /^observer\.mjs pid (\d+)/

describeUnderEachRuntime((runtime) => {
  test('INIT is over when the runtime and the extensions have called Next', async () => {
    const [ready, loaded] = [gate(), gate()]
    const printed = new Printed()
    const env = { READY: ready.file, LOADS: loaded.file, INTERNAL: '' }
    const starting = start({ runtime, printed, extensions: [extension], env })
    await printed.line(/^load 1/)
    expect(printed.lines[0]).toMatch(/^observer\.mjs pid \d+ false$/) // before the runtime, and without its variables
    await printed.line(/^observer\.mjs registered 200 .*"handler":"handler\.handler"/) // from another process: whose line comes first is chance
    loaded.open()
    await printed.line(/^loaded/)
    expect(await pending(starting)).toBe(true)
    ready.open()
    await using run = await starting
    expect(run.container.state).toBe('ready')
    expect(run.platform).toContain('EXTENSION\tName: observer.mjs\tState: Ready\tEvents: [INVOKE, SHUTDOWN]')
    expect(run.platform).toContain('EXTENSION\tName: internal\tState: Ready\tEvents: []')
  })

  test('a freeze stops every thread of runtime and extensions, and a thaw lets all go on', async () => {
    await using run = await start({ runtime, extensions: [extension] })
    const { container, printed } = run
    const pids = [container.pid, Number((await printed.line(EXTENSION_PID))[1])]
    await container.freeze()
    for (const pid of pids) expect(new Set(processStates(pid))).toEqual(new Set(['T']))
    expect(await container.invoke()).toMatchObject({ ok: true })
    for (const pid of pids) expect(processStates(pid)).not.toContain('T')
    await printed.line(/^observer\.mjs told INVOKE/)
  })
})

test('an invocation is over when the extensions have called Next again, though its answer was there', async () => {
  const next = gate()
  await using run = await start({
    extensions: [extension],
    env: { NEXT: next.file, INTERNAL: 'INVOKE' },
  })
  const { container, printed } = run
  const running = container.invoke({ do: 'say', text: 'handled' })
  const freezing = container.freeze()
  const [, requestId] = await printed.line(/^observer\.mjs told INVOKE (\S+) 1\d{4}$/)
  await printed.line(/^internal told INVOKE/)
  await printed.line(/^handled/)
  expect(await pending(Promise.race([running, freezing]))).toBe(true)
  expect(container.state).toBe('busy')
  next.open()
  const result = await running
  expect(result).toMatchObject({ ok: true, requestId, status: 'success' })
  expect(Number(result.answeredMs)).toBeLessThan(result.durationMs)
  await freezing
  expect(container.state).toBe('frozen')
})

test('an extension that is not through by the timeout ends the processes, and the answer stands', async () => {
  const next = gate()
  await using run = await start({
    extensions: [extension],
    env: { NEXT: next.file, EVENTS: 'INVOKE' },
    timeout: 400,
  })
  const { container, printed } = run
  const invoking = container.invoke()
  await printed.line(/^observer\.mjs told INVOKE/)
  const result = await invoking
  expect(result).toMatchObject({ ok: true, status: 'timeout', durationMs: 400 })
  expect(container.state).toBe('cold')
  expect(gone(Number((await printed.line(EXTENSION_PID))[1]))).toBe(true)
})

test('an extension that crashes takes the invocation with it, and the next one has new processes', async () => {
  await using run = await start({ extensions: [extension], env: { DIES: 'INVOKE' } })
  const { container } = run
  const first = container.pid
  const result = await container.invoke({ do: 'hang' })
  const errorMessage = `RequestId: ${result.requestId} Error: exit status 9`
  expect(result).toMatchObject({
    ok: false,
    error: { errorType: 'Extension.Crash', errorMessage },
    status: 'error',
  })
  expect([container.state, gone(first)]).toEqual(['cold', true])
  await container.invoke({ do: 'hang' })
  expect(container.pid).not.toBe(first)
})
test('an extension that ends in INIT fails it, in one sentence', async () => {
  const starting = start({ extensions: [extension], env: { DIES: 'start' } })
  await expect(starting).rejects.toThrow(/^INIT of \S+ ended the extension observer\.mjs with exit status 7$/)
  await using run = await open({ extensions: [extension], env: { DIES: 'start' } })
  expect(run.container.state).toBe('cold')
  expect(run.platform.at(-1)).toMatch(/^INIT_REPORT .*Status: error\tError Type: Extension\.Crash$/)
})

test('an extension that cannot be started fails INIT, in one sentence', async () => {
  const script = write('broken', '#!/nowhere/at/all\n')
  chmodSync(script, 0o755)
  await expect(start({ extensions: [script] })).rejects.toThrow(
    /^INIT of \S+ could not start the extension broken: spawn \S+ ENOENT$/,
  )
})

test.each([
  ['nowhere', /^The extension file nowhere does not exist\.$/],
  ['package.json', /^The extension package\.json is not executable: make it so \(chmod \+x\), or give a /],
])('the extension %s is refused in one sentence', async (file, sentence) => {
  await expect(start({ extensions: [file] })).rejects.toThrow(sentence)
})

test('two extensions of one name are refused', async () => {
  await expect(start({ extensions: [extension, extension] })).rejects.toThrow(
    /^Two extensions are called observer\.mjs: /,
  )
})
