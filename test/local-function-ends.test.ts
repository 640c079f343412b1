import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test, vi } from 'vitest'
import { type LocalLambda, localLambda } from '../local/src/function/local-lambda.ts'
import type { LocalLambdaOptions } from '../local/src/function/options.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const directory = mkdtempSync(join(tmpdir(), 'local-function-ends-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, source: string): string {
  writeFileSync(join(directory, name), source)
  return join(directory, name)
}

const fine = write(
  'fine.mjs',
  `export const handler = async ({ exits }) => {
    if (exits) setTimeout(() => process.exit(1), 20)
    return process.pid
  }`,
)
const broken = write('broken.mjs', "throw new RangeError('no luck')")

const start = (options: Partial<LocalLambdaOptions> = {}): Promise<LocalLambda> =>
  localLambda({ handler: fine, bundle: false, runtime: 'loop', ...options })

test('a container that was killed makes room for another, and nothing freezes it', async () => {
  await using lambda = await start({ maxContainers: 1 })
  await lambda.invoke()
  await lambda.containers[0]?.kill()
  await lambda.freeze()
  expect(lambda.containers).toEqual([])
  expect(await lambda.invoke()).toMatchObject({ ok: true, start: 'cold', container: 2 })
})

test('so does one that takes several invocations and has crashed while it was idle', async () => {
  await using lambda = await start({ maxContainers: 1, concurrency: 2 })
  await lambda.invoke({ exits: true })
  const [container] = lambda.containers
  await vi.waitFor(() => expect(container?.state).toBe('stopped'))
  expect(await lambda.invoke()).toMatchObject({ ok: true, start: 'cold', container: 2 })
})

describeUnderEachRuntime((runtime) => {
  test('an INIT that fails where several invocations run at once is a result, each time anew', async () => {
    await using lambda = await start({ handler: broken, runtime, concurrency: 2, maxContainers: 1 })
    for (const container of [1, 2])
      expect(await lambda.invoke()).toMatchObject({
        ok: false,
        start: 'cold',
        container,
        error: { errorType: 'RangeError', errorMessage: 'no luck' },
      })
  })
})

test('an event that cannot be sent is refused before there is a container for it', async () => {
  await using lambda = await start()
  await expect(lambda.invoke({ n: 1n })).rejects.toThrow('The event cannot be said in JSON: ')
  expect(lambda.containers).toEqual([])
})

test('a disposal ends what a redeploy has begun, without a word, and nothing is left of it', async () => {
  const own = mkdtempSync(join(directory, 'temporary-'))
  vi.stubEnv('TMPDIR', own)
  const lambda = await localLambda({ handler: fine, runtime: 'loop' })
  const redeploy = lambda.redeploy()
  await lambda[Symbol.asyncDispose]()
  await redeploy
  expect(readdirSync(own)).toEqual([])
  await expect(lambda.redeploy()).rejects.toThrow('The function has been disposed of: make another.')
})

test('containers that are made ready when the function is disposed of reject nothing', async () => {
  const lambda = await start({ provisioned: 1 })
  const redeploy = lambda.redeploy()
  await vi.waitFor(() => expect(lambda.containers[0]?.pid).toBe(0)) // the new one
  const invoked = lambda.invoke()
  await lambda[Symbol.asyncDispose]()
  await redeploy
  expect(await invoked).toMatchObject({ ok: false, error: { errorType: 'Runtime.ExitError' } })
})
