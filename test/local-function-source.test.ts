import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, describe, expect, test } from 'vitest'
import { type LocalLambda, localLambda } from '../local/src/function/local-lambda.ts'
import type { LocalLambdaOptions } from '../local/src/function/options.ts'
import { processStates } from '../local/src/lambda/process-state.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const directory = mkdtempSync(join(tmpdir(), 'local-function-'))
afterAll(() => rmSync(directory, { recursive: true }))
const running: LocalLambda[] = []
afterEach(() => Promise.all(running.splice(0).map((lambda) => lambda[Symbol.asyncDispose]())))

function write(name: string, source: string): string {
  const path = join(directory, name)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, source)
  return path
}

async function start(handler: string, options: Partial<LocalLambdaOptions> = {}): Promise<LocalLambda> {
  const lambda = await localLambda({ handler, runtime: 'loop', ...options })
  running.push(lambda)
  return lambda
}

const ENV_BACK = 'export const handler = async () => process.env.LAMBDA_TASK_ROOT'

describeUnderEachRuntime((runtime) => {
  test('a stack trace names the source’s line', async () => {
    const stock = write(
      'stock.ts',
      '\n\nexport function take(): never {\n  throw new RangeError("none left")\n}\n',
    )
    const order = write(
      'order.ts',
      'import { take } from "./stock.ts"\n\nexport const handler = async () => take()\n',
    )
    const env = { NODE_OPTIONS: '--stack-trace-limit=20' } // which does not stand in the way
    const result = await (await start(order, { runtime, env })).invoke()
    if (result.ok) throw new Error('it should have failed')
    const trace = result.error.trace?.join('\n')
    expect(trace).toContain(`${stock}:4:`)
    expect(trace).toContain(`${order}:3:`)
  })

  test('a failing INIT is the invocation’s answer, and the next tries it again', async () => {
    const flag = join(directory, `ready-${runtime}`)
    const source = `import { existsSync } from 'node:fs'
      console.log('tried')
      if (!existsSync(process.env.FLAG ?? '')) throw new RangeError('not yet')
      export const handler = async () => 'ready'`
    const lambda = await start(write('init.ts', source), { runtime, env: { FLAG: flag } })
    const [first, second] = [await lambda.invoke(), await lambda.invoke()]
    // Once in a phase of its own, and again with each event.
    expect(lambda.output.match(/tried/g)).toHaveLength(3)
    for (const result of [first, second])
      expect(result).toMatchObject({
        ok: false,
        start: 'cold',
        error: { errorType: 'RangeError', errorMessage: 'not yet' },
      })
    writeFileSync(flag, '')
    expect(await lambda.invoke()).toMatchObject({ ok: true, start: 'cold', response: 'ready' })
  })
})

test('the bundle is alone in a directory that is gone afterwards', async () => {
  const lambda = await start(write('alone.ts', ENV_BACK))
  const { response } = (await lambda.invoke()) as unknown as { response: string }
  expect(readdirSync(response).toSorted()).toEqual(['alone.mjs', 'alone.mjs.map'])
  await lambda[Symbol.asyncDispose]()
  expect(existsSync(response)).toBe(false)
  await expect(lambda.invoke()).rejects.toThrow('The function has been disposed of')
})

test('what is printed is told with the container’s number, and so is what the platform logs', async () => {
  const told: string[] = []
  const tell = (kind: string, line: string, container: number) => told.push(`${kind} ${container}: ${line}`)
  const handler = write('prints.ts', 'export const handler = async ({ id }) => console.warn(id)')
  const lambda = await start(handler, {
    onOutput: (line, stream, container) => tell(stream, line, container),
    onPlatform: (line, container) => tell('platform', line, container),
  })
  const results = await lambda.invokeAll([{ id: '<a>' }, { id: '<b>' }])
  for (const { container, requestId } of results) {
    expect(told).toContain(`platform ${container}: START RequestId: ${requestId} Version: $LATEST`)
    expect(told).toContainEqual(
      expect.stringContaining(`platform ${container}: REPORT RequestId: ${requestId}`),
    )
  }
  expect(told).toContainEqual(expect.stringMatching(/^stderr 1: .*<a>$/))
  expect(told).toContainEqual(expect.stringMatching(/^stderr 2: .*<b>$/))
})

test('kill() in the middle of INIT ends it, and the invocation that waits for it is told', async () => {
  const source = 'console.log(process.pid); await new Promise(() => setInterval(() => {}, 1000))'
  const { promise: printed, resolve: onOutput } = Promise.withResolvers<string>()
  const lambda = await start(write('hangs.ts', source), { onOutput })
  const invoked = lambda.invoke()
  const pid = Number(/\d+$/.exec(await printed))
  await lambda.kill()
  expect(processStates(pid)).toEqual([])
  expect(await invoked).toMatchObject({ ok: false, container: 1, error: { errorType: 'Runtime.ExitError' } })
})

test('a bundle that is gone for a while is found again', async () => {
  const handler = write('deployed/again.mjs', ENV_BACK)
  const lambda = await start(handler, { bundle: false })
  rmSync(handler)
  await expect(lambda.invoke()).rejects.toThrow(`The handler file ${handler} does not exist.`)
  write('deployed/again.mjs', ENV_BACK)
  expect(await lambda.invoke()).toMatchObject({ ok: true, start: 'cold' })
})

test('what is bundled already runs as it is', async () => {
  const handler = write('deployed/done.mjs', ENV_BACK)
  const lambda = await start(handler, { bundle: false })
  expect(await lambda.invoke()).toMatchObject({ ok: true, response: dirname(handler) })
})

test('a package that is left out is found where the source finds it', async () => {
  write('shop/node_modules/@till/drawer/package.json', '{ "main": "drawer.js" }')
  write('shop/node_modules/@till/drawer/drawer.js', 'exports.where = __dirname')
  const source = 'import { where } from "@till/drawer"\nexport const handler = async () => where'
  const handler = write('shop/src/till.ts', source)
  const responses = await Promise.all(
    [['@till/*'], []].map(async (external) => (await start(handler, { external })).invoke()),
  )
  const [out, inside] = responses.map((result) => (result as unknown as { response: string }).response)
  expect(out).toBe(join(directory, 'shop/node_modules/@till/drawer'))
  expect(inside).not.toBe(out)
})

test('redeploy() brings the new source, and what runs ends on the old', async () => {
  const body = (version: number) =>
    `export const handler = async ({ ms }: { ms: number }) => {
      await new Promise((resolve) => setTimeout(resolve, ms))
      return ${version}
    }`
  const handler = write('versions.ts', body(1))
  const lambda = await start(handler)
  await lambda.invoke({ ms: 0 })
  const old = lambda.invoke({ ms: 200 })
  write('versions.ts', body(2))
  const deployed = lambda.redeploy()
  expect(await old).toMatchObject({ response: 1 })
  await deployed
  expect(await lambda.invoke({ ms: 0 })).toMatchObject({ response: 2, start: 'cold' })

  write('versions.ts', 'export const = 3')
  await expect(lambda.redeploy()).rejects.toThrow(/versions\.ts:1: Expected identifier/)
  expect(await lambda.invoke({ ms: 0 })).toMatchObject({ response: 2, start: 'warm' })
  expect(lambda.sources).toEqual([handler])
})

describe('says in one sentence', () => {
  const source = write('fine.ts', ENV_BACK)
  const refused: [string, unknown, RegExp][] = [
    ['that there is no source', { handler: 'nowhere.ts' }, /^There is no handler file nowhere\.ts\.$/],
    [
      'how an export is named',
      { handler: 'handlers/get-order.ts:handler' },
      /; the export of handlers\/get-order\.ts is named by exportName: 'handler'\.$/,
    ],
    [
      'that there is no bundle',
      { handler: 'nowhere.mjs', bundle: false },
      /^The handler file nowhere\.mjs does not exist\.$/,
    ],
    ['that there is no handler', {}, /^localLambda: handler is missing, /],
    ['what no option is', { handler: source, timeuot: 1 }, /there is no option 'timeuot', only bundle, /],
    [
      'what a number should be',
      { handler: source, timeout: '3s' },
      /^localLambda: timeout is '3s', but must be milliseconds above 0 /,
    ],
    [
      'what a wrong runtime is',
      { handler: source, runtime: 'go' },
      /'go', but must be 'auto', 'ric', 'loop'\.$/,
    ],
    [
      'what variables are',
      { handler: source, env: { SECRET: 7 } },
      /env has a SECRET that is no string, but must be an/,
    ],
    [
      'what a database is',
      { handler: source, database: 'mysql://' },
      /must be a Database, as startDatabase\(\)/,
    ],
    [
      'how many may be provisioned',
      { handler: source, provisioned: 2, maxContainers: 1 },
      /at most maxContainers, 1/,
    ],
    [
      'what goes with bundling',
      { handler: source, bundle: false, external: ['a'] },
      /and bundle is false\.$/,
    ],
    [
      'what is never frozen',
      { handler: source, concurrency: 2, freezeAfter: 0 },
      /does not go with concurrency/,
    ],
  ]
  test.each(refused)('%s', async (_what, options, sentence) => {
    const error = await localLambda(options as LocalLambdaOptions).catch((thrown) => thrown)
    expect(error.message).toMatch(sentence)
    expect(error.message).not.toContain('\n')
  })

  test('why provisioned containers cannot be had, by the source’s name', async () => {
    const handler = write('unlucky.ts', 'throw new RangeError("no luck")')
    const error = await localLambda({ handler, provisioned: 2, runtime: 'loop' }).catch((thrown) => thrown)
    expect(error.message).toBe(`INIT of ${handler} failed with RangeError: no luck`)
  })

  test('what no option of an invocation or a freeze is', async () => {
    const lambda = await start(source)
    await expect(lambda.invoke({}, { timeOut: 5 } as never)).rejects.toThrow(
      "invoke: there is no option 'timeOut'",
    )
    await expect(lambda.freeze({ lateBy: -1 })).rejects.toThrow(
      'freeze: lateBy is -1, but must be milliseconds',
    )
  })
})
