import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type RequestListener, type ServerResponse } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { beforeAll, expect, test } from 'vitest'
import type { LocalLambdaOptions } from '../local/src/function/options.ts'
import { chooseRuntime } from '../local/src/lambda/runtime.ts'
import { functionsOf } from './support/functions.ts'

const functions = functionsOf({ refused: 'test/support/refused-extension-handler.ts' })
const LATE = 'warmpool/shutdown has had no answer from the Extensions API within 40 ms'
/** On a busy machine any answer can be late. */
const oneLine = (words: RegExp) => [
  expect.stringMatching(new RegExp(`warmpool/shutdown has no effect: .*${words.source}|${LATE}`)),
]

// By Lambda's own rules, in a container.
test.skipIf(chooseRuntime('auto').name !== 'ric').each<[string, RegExp, Partial<LocalLambdaOptions>]>([
  ['name taken', /403 .*Extension.InvalidExtensionState/, {}],
  ['too late', /403 .*Extension.RegistrationClosed/, {}],
  ['a worker thread', /worker thread/, { concurrency: 2, env: { AWS_LAMBDA_NODEJS_WORKER_COUNT: '2' } }],
])('%s: one line says so, and the function works', async (trouble, words, options) => {
  const env = { TROUBLE: trouble, ...options.env }
  const lambda = await functions.start('refused', { timeout: 20_000, maxContainers: 1, ...options, env })
  for (const _ of [1, 2]) expect(await lambda.invoke()).toMatchObject({ ok: true, response: 'works' })
  const lines = () => lambda.output.split('\n').filter((line) => line.includes('warmpool/shutdown'))
  await expect.poll(lines, { timeout: 10_000 }).toEqual(oneLine(words)) // that thread may be the slower one
})

interface Ran {
  code: unknown
  lines: string[]
  /** Milliseconds that the import took. */
  took: number
}

/** The program does not end before it has been told something. */
const UNTIL_TOLD = `const { warn } = console
  const stay = setInterval(() => {}, 1000)
  console.warn = (line) => {
    warn(line)
    clearInterval(stay)
  }`

/** A program that does nothing else than to import it. */
async function importing(
  api: string | undefined,
  { before = '', after = '' }: { before?: string; after?: string } = {},
): Promise<Ran> {
  const source = `${before}
    const began = performance.now()
    await import(${JSON.stringify(join(import.meta.dirname, '../src/shutdown.ts'))})
    console.log(performance.now() - began)
    ${after}`
  const { AWS_LAMBDA_RUNTIME_API: _, ...env } = process.env
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...env, ...(api && { AWS_LAMBDA_RUNTIME_API: api }) },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000, // it is killed where something keeps it alive
  })
  const outputs = [text(child.stdout), text(child.stderr)] as const
  const [code, signal] = await once(child, 'close')
  const [printed, told] = await Promise.all(outputs)
  return { code: signal ?? code, lines: told.split('\n').filter(Boolean), took: Number(printed) }
}

interface Api {
  address: string
  /** The path of each. */
  calls: string[]
}

/** @param register what comes to that call @param next what comes to this one */
async function apiThat(register: RequestListener, next: RequestListener): Promise<Api> {
  const calls: string[] = []
  const api = createServer((request, response) => {
    const path = (request.url ?? '').replace('/2020-01-01/extension/', '')
    calls.push(path)
    if (path === 'register') register(request, response)
    else next(request, response)
  })
  await once(api.listen(0, '127.0.0.1').unref(), 'listening')
  return { address: `127.0.0.1:${(api.address() as { port: number }).port}`, calls }
}

const registered: RequestListener = (_request, response) =>
  void response.writeHead(200, { 'lambda-extension-identifier': 'one' }).end('{}')
const waits: RequestListener = () => {}

const TROUBLES: Record<string, [register: RequestListener, next: RequestListener, words: RegExp]> = {
  'says nothing': [waits, waits, /$./],
  'begins to answer, and then says no more': [
    (_request, response) => void response.writeHead(403).write('{'),
    waits,
    /$./,
  ],
  'hangs up': [(request) => void request.socket.destroy(), waits, /socket hang up/],
  'answers with several lines': [
    (_request, response) => void response.writeHead(500).end('<html>\n<h1>Oops</h1>\n</html>'),
    waits,
    /500 "<html>\\n/,
  ],
  'gives no identifier': [(_request, response) => void response.end('{}'), waits, /answered 200/],
  'refuses a Next': [registered, (_request, response) => void response.writeHead(403).end('no'), /403 "no"/],
  'answers each Next at once': [registered, (_request, response) => void response.end('{}'), /answered 200/],
}

const ran = new Map<string, Promise<[Ran, Api]>>()
beforeAll(() => {
  let before: Promise<unknown> = Promise.resolve() // one at a time, so that each is answered soon
  for (const [name, [register, next]] of Object.entries(TROUBLES)) {
    const run = async (): Promise<[Ran, Api]> => {
      const api = await apiThat(register, next)
      const told = await importing(api.address, { before: UNTIL_TOLD })
      return [told, api]
    }
    // Where nothing but its being late was told, there is more to see another time.
    const again = async (times: number): Promise<[Ran, Api]> => {
      const result = await run()
      const late = register !== waits && result[0].lines.some((line) => line.includes(LATE))
      return late && times > 1 ? again(times - 1) : result
    }
    const one = before.then(() => again(5))
    before = one
    ran.set(name, one)
  }
})

test.each(Object.entries(TROUBLES))('an Extensions API that %s', async (name, [, , words]) => {
  const [{ code, lines, took }, { calls }] = (await ran.get(name)) as [Ran, Api]
  expect(lines).toEqual(oneLine(words))
  expect(code).toBe(0)
  expect(took).toBeLessThan(2000) // 50 in all where nobody else wants the processor
  expect(calls.length).toBeLessThanOrEqual(4)
})

test('an Extensions API that is no HTTP', async () => {
  const garbage = createTcpServer((socket) => void socket.on('error', () => {}).end('what?\r\n\r\n'))
  await once(garbage.listen(0, '127.0.0.1').unref(), 'listening')
  const { port } = garbage.address() as { port: number }
  const { code, lines } = await importing(`127.0.0.1:${port}`)
  expect([code, lines]).toEqual([0, oneLine(/Parse Error/)])
})

test.each([
  ['an Extensions API that is not there', '127.0.0.1:1', /ECONNREFUSED/],
  ['an address that is none', 'no address', /Invalid URL/],
])('%s', async (_name, address, words) => {
  const { code, lines } = await importing(address)
  expect([code, lines]).toEqual([0, oneLine(words)])
})

test('outside Lambda it does nothing, and says nothing', async () => {
  const after = `if (process.listenerCount('SIGTERM') > 0) throw new Error('it listens')`
  expect(await importing(undefined, { after })).toMatchObject({ code: 0, lines: [] })
})

test('where all is well it says nothing, and keeps no process alive', async () => {
  const { address, calls } = await apiThat(registered, waits)
  const { code, lines } = await importing(address)
  const late = lines.some((line) => line.includes(LATE))
  expect([code, lines]).toEqual([0, late ? [expect.any(String)] : []])
  if (!late) expect(calls).toEqual(['register', 'event/next']) // sent before INIT went on, and there the process has ended
})

test('a registration that is answered late counts: its Next is sent, and SIGTERM heard', async () => {
  const answering = Promise.withResolvers<ServerResponse>()
  const { address, calls } = await apiThat((_request, response) => answering.resolve(response), waits)
  const after = `const hears = setInterval(() => {
      if (process.listenerCount('SIGTERM') === 1) clearInterval(hears)
    }, 5)`
  const program = importing(address, { after })
  const response = await answering.promise
  await new Promise((resolve) => setTimeout(resolve, 200))
  registered(response.req, response)
  const { code, lines } = await program
  expect([code, lines]).toEqual([0, [expect.stringContaining(LATE)]])
  expect(calls).toEqual(['register', 'event/next'])
})

test('of two copies in one program the second says so, and does not register', async () => {
  const { address, calls } = await apiThat(registered, waits)
  const other = JSON.stringify(join(import.meta.dirname, '../dist/shutdown.js'))
  const { lines } = await importing(address, { after: `await import(${other})` })
  expect(lines.filter((line) => !line.includes(LATE))).toEqual([expect.stringContaining('is here twice')])
  expect(calls.filter((path) => path === 'register')).toHaveLength(1)
})
