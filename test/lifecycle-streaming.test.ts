import { describe, expect, test } from 'vitest'
import type { InvocationResult } from '../local/src/lambda/container.ts'
import { databaseForFile } from './support/database.ts'
import { functionsOf } from './support/functions.ts'
import { lifecycle } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, gate, write } = lifecycle()
const server = databaseForFile()
const functions = functionsOf({ streaming: 'test/support/streaming-handler.ts' })

const handler = write(
  'streaming.mjs',
  `import { existsSync } from 'node:fs'
  const until = async (file) => { while (!existsSync(file)) await new Promise((on) => setTimeout(on, 5)) }
  export const handler = awslambda.streamifyResponse(async (event, stream, context) => {
    if (event.metadata) stream = awslambda.HttpResponseStream.from(stream, event.metadata)
    if (event.first) throw new TypeError('before the first')
    stream.write('one,')
    process.stdout.write('wrote\\n')
    if (event.gate) await until(event.gate)
    stream.write({ two: event.text })
    if (event.ends === 'throw') throw new RangeError('in the middle')
    if (event.ends === 'exit') process.exit(4)
    if (event.ends === 'hang') await new Promise(() => setInterval(() => {}, 60_000))
    stream.end()
  })`,
)

const bodyOf = ({ streamed }: InvocationResult) => streamed?.body.toString()

describeUnderEachRuntime((runtime) => {
  test('a streamed response comes in pieces, each when it was written', async () => {
    await using run = await start({ runtime, handler })
    const second = gate()
    const running = run.container.invoke({ gate: second.file, text: 'ü' })
    await run.printed.line(/^wrote/)
    const wroteAt = performance.now()
    await new Promise((resolve) => setTimeout(resolve, 60))
    const openedAt = performance.now()
    second.open()
    const result = await running
    expect(result).toMatchObject({ ok: true, response: 'one,{"two":"ü"}' })
    expect(result.streamed?.contentType).toBe('application/octet-stream')
    expect(result.streamed).not.toHaveProperty('metadata')
    const [one, two] = result.streamed?.chunks ?? []
    expect([String(one?.data), String(two?.data)]).toEqual(['one,', '{"two":"ü"}'])
    expect(Number(two?.atMs) - Number(one?.atMs)).toBeGreaterThanOrEqual((openedAt - wroteAt) / 2)
    expect(Number(result.answeredMs)).toBeGreaterThanOrEqual(Number(two?.atMs))
  })

  test('status, headers and cookies are told apart from the body', async () => {
    await using run = await start({ runtime, handler })
    const metadata = { statusCode: 418, headers: { 'x-pot': 'tea' }, cookies: ['a=b'] }
    const result = await run.container.invoke({ metadata, text: 'x' })
    expect(result.streamed).toMatchObject({
      metadata,
      contentType: expect.stringContaining('http-integration-response'),
    })
    expect([bodyOf(result), result.streamed?.chunks.map(({ data }) => String(data)).join('')]).toEqual([
      'one,{"two":"x"}',
      'one,{"two":"x"}',
    ])
  })

  test('an error in the middle comes after what was sent, and one before the first piece too', async () => {
    await using run = await start({ runtime, handler })
    const { container } = run
    const { pid } = container
    const middle = await container.invoke({ ends: 'throw', text: 'x' })
    const error = { errorType: 'RangeError', errorMessage: 'in the middle', trace: expect.any(Array) }
    expect(middle).toMatchObject({ ok: false, error, status: 'error' })
    expect(bodyOf(middle)).toBe('one,{"two":"x"}')
    const first = await container.invoke({ first: true })
    expect(first).toMatchObject({
      ok: false,
      error: { errorType: 'TypeError', errorMessage: 'before the first' },
    })
    expect([bodyOf(first), container.state, container.pid]).toEqual(['', 'ready', pid])
  })

  test('of a response that is never ended there is what came until the timeout, or the crash', async () => {
    await using run = await start({ runtime, handler })
    const hung = await run.container.invoke({ ends: 'hang', text: 'x' }, { timeout: 300 })
    expect(hung).toMatchObject({ ok: false, error: { errorType: 'Sandbox.Timedout' } })
    expect(bodyOf(hung)).toBe('one,{"two":"x"}')
    const crashed = await run.container.invoke({ ends: 'exit', text: 'x' })
    expect(crashed).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' }, status: 'error' })
    expect(bodyOf(crashed) ?? '').toMatch(/^(one,.*)?$/)
  })

  // The loop's stream is one of Node's, as the other tests of response streaming have it.
  const faces = runtime === 'ric' ? ['chained', 'wrapped', 'wrappedOutside'] : ['chained']
  describe.each(faces)('a pool’s rows, %s', (exportName) => {
    test('the connection lives until the body is sent, and the next invocation finds it clean', async () => {
      const { current: database } = server
      const lambda = await functions.start('streaming', { exportName, runtime, database, timeout: 20_000 })
      const { id } = seen(await lambda.invoke({ do: 'look' }))
      const sent = await lambda.invoke({ do: 'rows' })
      expect(sent).toMatchObject({
        ok: true,
        streamed: { metadata: { statusCode: 201, headers: { 'x-shop': 'open' } } },
      })
      expect(bodyOf(sent)?.match(/"seq"/g)).toHaveLength(500)
      expect(lambda.containers[0]?.output).toContain(`<${sent.requestId}> ended by <response stream>`)
      await lambda.freeze()
      expect(seen(await lambda.invoke({ do: 'look' }))).toEqual({ id, rest: null, open: 0 })

      const failed = await lambda.invoke({ do: 'fail' })
      expect(failed.ok).toBe(false)
      expect(bodyOf(failed)?.match(/"seq"/g)?.length).toBeLessThan(500)
      expect(seen(await lambda.invoke({ do: 'look' }))).toMatchObject({ rest: null, open: 0 })
      const sessions = await database.query('SELECT COUNT(*) AS count FROM information_schema.INNODB_TRX')
      expect([sessions[0]?.count, (await database.connections()).length]).toEqual([0, 1])
    })
  })
})

function seen(result: InvocationResult): { id: number; rest: unknown; open: number } {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return JSON.parse(String(bodyOf(result)))
}
