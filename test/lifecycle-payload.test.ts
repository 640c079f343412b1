import { expect, test } from 'vitest'
import { lifecycle } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, write } = lifecycle()

const handler = write(
  'payload.mjs',
  `let calls = 0
  const circle = {}
  circle.itself = circle
  const answers = {
    circle: () => circle,
    bigint: () => ({ n: 1n }),
    function: () => () => 1,
    symbol: () => Symbol('x'),
    undefined: () => undefined,
    calls: () => calls,
    text: ({ bytes }) => 'x'.repeat(bytes - 2), // JSON's quotation marks are two
  }
  export const handler = async (event) => {
    calls++
    return answers[event.answer](event)
  }`,
)

/** The emulator's MaxPayloadSize. */
const MOST = 6 * 1024 ** 2 + 100

describeUnderEachRuntime((runtime) => {
  test('what JSON cannot say is an error of the function, and its process lives on', async () => {
    await using run = await start({ handler, runtime })
    const { container } = run
    const unspeakable = {
      errorType: 'Runtime.JSONStringifyError',
      errorMessage: 'Unable to stringify response body',
    }
    const wrong = { errorType: 'TypeError', errorMessage: 'Wrong arguments' }
    const told: unknown[] = []
    for (const answer of ['circle', 'bigint', 'function', 'symbol', 'undefined', 'calls']) {
      const result = await container.invoke({ answer })
      told.push(result.ok ? result.response : { ...result.error, trace: undefined })
    }
    expect(told).toEqual([unspeakable, unspeakable, wrong, wrong, null, 6])
  })

  test('a response has at most 6 MB, and the process of a larger one lives on', async () => {
    await using run = await start({ handler, runtime })
    const { container } = run
    const largest = await container.invoke({ answer: 'text', bytes: MOST })
    expect(largest.ok && largest.response).toHaveLength(MOST - 2)
    const errorMessage = `Response payload size exceeded maximum allowed payload size (${MOST} bytes).`
    expect(await container.invoke({ answer: 'text', bytes: MOST + 1 })).toMatchObject({
      ok: false,
      status: 'error',
      error: { errorType: 'Function.ResponseSizeTooLarge', errorMessage },
    })
    expect(await container.invoke({ answer: 'calls' })).toMatchObject({ ok: true, response: 3 })
  })
})
