import { execFileSync } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import { startContainer } from '../local/src/lambda/init.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const LAMBDA = join(import.meta.dirname, '../local/src/lambda')
const directory = mkdtempSync(join(tmpdir(), 'local-lambda-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, source: string): string {
  const path = join(directory, name)
  writeFileSync(path, source)
  return path
}

describeUnderEachRuntime((runtime) => {
  it.each([
    ['throws', "throw new RangeError('no luck')", /throws\.mjs failed with RangeError: no luck$/],
    ['no-export', 'export const other = 1', /failed with Runtime\.HandlerNotFound: no-export\.handler is/],
    ['syntax', 'const = 1', /failed with .*SyntaxError: Unexpected token '='$/],
    ['exits', 'process.exit(7)', /ended the process with exit status 7$/],
    [
      'dies',
      'setTimeout(() => null.x); await new Promise((r) => setTimeout(r, 99))',
      /status 1: TypeError: /,
    ],
    ['hangs', 'await new Promise((r) => setTimeout(r, 60_000))', /hangs\.mjs took longer than 400 ms$/],
  ])('says in one sentence why INIT failed: %s', async (name, source, sentence) => {
    const handler = write(`${name}.mjs`, source)
    const error = await startContainer({
      handler,
      runtime,
      initTimeout: name === 'hangs' ? 400 : 10_000,
    }).catch((e) => e)
    expect(error.message).toMatch(sentence)
    expect(error.message).toMatch(/^INIT of [^\n]+$/)
  })
})

const fine = write('fine.mjs', 'export const handler = async () => {}')

it.each([
  [{ handler: 'nowhere.mjs' }, 'The handler file nowhere.mjs does not exist.'],
  [{ handler: 'get-order.ts' }, 'The handler get-order.ts is no bundle: Lambda loads .js, .mjs, .cjs files.'],
  [{ handler: 'get.order.mjs' }, /has a dot in its name/],
  [
    { runtime: 'python' as 'loop' },
    "startContainer: runtime is 'python', but must be 'auto', 'ric', 'loop'.",
  ],
  [{ timeout: 0 }, /^startContainer: timeout is 0, but must be milliseconds above 0/],
])('refuses %o in one sentence', async (options, sentence) => {
  await expect(startContainer({ handler: fine, ...options })).rejects.toThrow(sentence)
})

it('refuses a handler that Lambda would not find under its name', async () => {
  write('twice.js', '')
  const handler = write('twice.mjs', '')
  await expect(startContainer({ handler })).rejects.toThrow(/^Lambda would load .*twice\.js instead of /)
})

it("does without AWS's runtime client unless it is demanded", () => {
  cpSync(LAMBDA, join(directory, 'elsewhere/src/lambda'), { recursive: true })
  const script = write(
    'choose.ts',
    `import { chooseRuntime } from './elsewhere/src/lambda/runtime.ts'
    console.log(chooseRuntime('auto').name)
    try { chooseRuntime('ric') } catch (error) { console.log(error.message) }`,
  )
  const [name, sentence] = execFileSync(process.execPath, [script], {
    cwd: directory,
    encoding: 'utf8',
  }).split('\n')
  expect(name).toBe('loop')
  expect(sentence).toMatch(
    /^AWS's runtime client is not installed: run `npm install .*aws-lambda-ric@4\.0\.2`/,
  )
})
