import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { pathToFileURL } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest'
import type { Container } from '../local/src/lambda/container.ts'
import { type ContainerOptions, startContainer } from '../local/src/lambda/init.ts'
import { processStates } from '../local/src/lambda/process-state.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const LAMBDA = join(import.meta.dirname, '../local/src/lambda')
const directory = mkdtempSync(join(tmpdir(), 'local-lambda-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, source: string): string {
  const path = join(directory, name)
  writeFileSync(path, source)
  return path
}

/** Dead, whether or not anyone has collected it. */
const gone = (pid: number) => processStates(pid).every((state) => state === 'Z')

const EVERYTHING = `
import { spawn } from 'node:child_process'
let calls = 0
if (process.env.TICKS) setInterval(() => process.stdout.write('tick\\n'), 5)
process.on('SIGTERM', () => setTimeout(() => process.stdout.write('cleaned up\\n'), 50))
const does = {
  async echo(event, context) {
    return { event, remaining: context.getRemainingTimeInMillis(), ...context, env: process.env }
  },
  async throw() { throw new TypeError('not today') },
  async reject() { throw 'a string' },
  async crash() { process.exit(3) },
  async sleep({ ms }) { await new Promise((done) => setTimeout(done, ms)) },
  async size({ text }) { return text.length },
  async spawn() { return spawn('sleep', ['60']).pid },
}
export const handler = async (event, context) => {
  calls++
  return { calls, pid: process.pid, did: await does[event.do]?.(event, context) }
}
`
let everything: string
beforeAll(() => {
  everything = write('everything.mjs', EVERYTHING)
})

describeUnderEachRuntime((runtime) => {
  const containers: Container[] = []
  afterEach(() => Promise.all(containers.splice(0).map((container) => container.stop())))

  async function start(options: Partial<ContainerOptions> = {}): Promise<Container> {
    const container = await startContainer({ handler: everything, runtime, ...options })
    containers.push(container)
    return container
  }

  async function did(container: Container, event: object): Promise<unknown> {
    const result = await container.invoke(event)
    if (!result.ok) throw new Error(result.error.errorMessage)
    return (result.response as { did: unknown }).did
  }

  it('says what it is', async () => {
    const container = await start()
    expect(container).toMatchObject({ runtime, state: 'ready', pid: expect.any(Number) })
    expect(container.initMs).toBeGreaterThan(0)
  })

  it('runs cold and warm invocations in one process', async () => {
    const container = await start()
    for (const calls of [1, 2, 3]) {
      expect(await container.invoke({})).toMatchObject({ ok: true, response: { calls, pid: container.pid } })
    }
  })

  it('hands event, context and environment to the handler', async () => {
    vi.stubEnv('SECRET_OF_THIS_MACHINE', 'x')
    const container = await start({ timeout: 7000, env: { TABLE: 'orders', AWS_REGION: 'eu-west-1' } })
    const event = { do: 'echo', text: 'ünïcode "quoted"', list: [1, null] }
    const result = await container.invoke(event)
    const seen = (result.ok && result.response) as { did: { remaining: number; env: object } }
    expect(seen.did).toMatchObject({
      event,
      awsRequestId: result.requestId,
      functionName: 'everything',
      functionVersion: '$LATEST',
      invokedFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:everything',
      env: { TABLE: 'orders', AWS_REGION: 'eu-west-1', AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand' },
    })
    expect(seen.did.env).not.toHaveProperty('SECRET_OF_THIS_MACHINE')
    expect(seen.did.remaining).toBeGreaterThan(5000)
    expect(seen.did.remaining).toBeLessThanOrEqual(7000)
    vi.unstubAllEnvs()
  })

  it('survives a handler that throws', async () => {
    const container = await start()
    const thrown = { errorType: 'TypeError', errorMessage: 'not today' }
    expect(await container.invoke({ do: 'throw' })).toMatchObject({ ok: false, error: thrown })
    const rejected = { errorType: 'string', errorMessage: 'a string' }
    expect(await container.invoke({ do: 'reject' })).toMatchObject({ ok: false, error: rejected })
    expect(container.state).toBe('ready')
    expect(await container.invoke({})).toMatchObject({ ok: true, response: { calls: 3, pid: container.pid } })
  })

  it('takes one invocation at a time', async () => {
    const container = await start()
    const first = container.invoke({ do: 'sleep', ms: 50 })
    await expect(container.invoke({})).rejects.toThrow(/busy: it takes one invocation at a time/)
    expect(await first).toMatchObject({ ok: true })
  })

  it('stops every thread in a freeze, once the invocation is over, and runs on after a thaw', async () => {
    let ticks = 0
    const container = await start({ env: { TICKS: '1' }, onOutput: () => ticks++ })
    const running = container.invoke({ do: 'sleep', ms: 50 })
    await container.freeze()
    expect(await running).toMatchObject({ ok: true })
    expect(container.state).toBe('frozen')
    expect(new Set(processStates(container.pid))).toEqual(new Set(['T']))

    await delay(50) // what was printed before reaches us
    const before = ticks
    expect(before).toBeGreaterThan(0)
    await delay(150)
    expect(ticks).toBe(before)
    container.thaw()
    expect(container.state).toBe('ready')
    await vi.waitFor(() => expect(ticks).toBeGreaterThan(before))
  })

  it('wakes a frozen container with an invocation, again and again', async () => {
    const container = await start()
    for (const calls of [1, 2, 3, 4, 5]) {
      await container.freeze()
      expect(await container.invoke({})).toMatchObject({ ok: true, response: { calls, pid: container.pid } })
      expect(container.state).toBe('ready')
    }
  })

  it('wakes a frozen container with an event larger than a socket holds', async () => {
    const container = await start()
    await container.freeze()
    expect(await did(container, { do: 'size', text: 'x'.repeat(6_000_000) })).toBe(6_000_000)
  })

  it.runIf(process.platform === 'linux')('has the invocation waiting before the process wakes', async () => {
    const container = await start()
    const { env } = (await did(container, { do: 'echo' })) as { env: { AWS_LAMBDA_RUNTIME_API: string } }
    await container.freeze()
    const waiting = () => bytesWaitingFrom(env.AWS_LAMBDA_RUNTIME_API)
    expect(waiting()).toBe(0)
    await container.invoke({}, { beforeThaw: async () => expect(waiting()).toBeGreaterThan(200) })
  })

  it('kills what does not answer in time', async () => {
    const container = await start({ timeout: 200 })
    const result = await container.invoke({ do: 'sleep', ms: 60_000 })
    const errorMessage = `RequestId: ${result.requestId} Error: Task timed out after 0.20 seconds`
    const error = { errorType: 'Sandbox.Timedout', errorMessage }
    expect(result).toMatchObject({ ok: false, error, status: 'timeout', durationMs: 200 })
    expect(container.state).toBe('cold')
    expect(gone(container.pid)).toBe(true)
  })

  it('reports a crash', async () => {
    const container = await start()
    const result = await container.invoke({ do: 'crash' })
    const errorMessage = `RequestId: ${result.requestId} Error: Runtime exited with error: exit status 3`
    const error = { errorType: 'Runtime.ExitError', errorMessage }
    expect(result).toMatchObject({ ok: false, error, status: 'error' })
    expect(container.state).toBe('cold')
  })

  it('notices that an idle process was killed', async () => {
    const container = await start()
    process.kill(container.pid, 'SIGKILL')
    await vi.waitFor(() => expect(container.state).toBe('cold'))
    expect(await container.invoke({})).toMatchObject({ ok: true, response: { calls: 1 } })
  })

  it('leaves no process after a stop, frozen or not, what the handler started included', async () => {
    const container = await start()
    const child = Number(await did(container, { do: 'spawn' }))
    expect(gone(child)).toBe(false)
    await container.freeze()
    await container.stop()
    expect(container.state).toBe('stopped')
    await expect(container.invoke({})).rejects.toThrow('The container has stopped: start another.')
    expect([container.pid, child].filter((pid) => !gone(pid))).toEqual([])
  })

  it('delivers SIGTERM to a frozen process and ends one that stays', async () => {
    const container = await start()
    await container.freeze()
    await container.stop({ signal: 'SIGTERM' })
    expect(container.output).toContain('cleaned up')
    expect(gone(container.pid)).toBe(true)
  })

  it('leaves no process when its parent is killed', async () => {
    const parent = await startParent(runtime)
    expect(new Set(processStates(parent.containerPid))).toEqual(new Set(['T']))
    parent.process.kill('SIGKILL')
    await vi.waitFor(() => expect(gone(parent.containerPid)).toBe(true), { timeout: 5000 })
  })
})

async function startParent(runtime: 'ric' | 'loop') {
  const source = `import { startContainer } from ${JSON.stringify(pathToFileURL(join(LAMBDA, 'init.ts')).href)}
    const container = await startContainer({ handler: ${JSON.stringify(everything)}, runtime: '${runtime}' })
    await container.freeze()
    console.log(container.pid)`
  const child = spawn(process.execPath, [write('parent.ts', source)])
  const [pid] = await linesOf(child, 1)
  return { process: child, containerPid: Number(pid) }
}

async function linesOf(child: ChildProcess, count: number): Promise<string[]> {
  const lines: string[] = []
  if (!child.stdout) return lines
  const reader = createInterface({ input: child.stdout })
  reader.on('line', (line) => lines.push(line) === count && reader.close())
  await once(reader, 'close')
  return lines
}

/** Bytes the kernel holds for clients of a server at `host:port`, sent but not read. */
function bytesWaitingFrom(address: string): number {
  const port = Number(address.split(':')[1]).toString(16).toUpperCase().padStart(4, '0')
  const rows = readFileSync('/proc/net/tcp', 'utf8').split('\n').slice(1)
  const received = rows
    .map((row) => row.trim().split(/\s+/))
    .filter(([, , remote]) => remote?.endsWith(`:${port}`))
  return received.reduce((sum, row) => sum + Number.parseInt(row[4]?.split(':')[1] ?? '0', 16), 0)
}
