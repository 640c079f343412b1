import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'

const repository = join(import.meta.dirname, '..')
const directory = mkdtempSync(join(tmpdir(), 'invoke-command-'))
afterAll(() => rmSync(directory, { recursive: true }))

function write(name: string, text: string): string {
  writeFileSync(join(directory, name), text)
  return join(directory, name)
}

/** Runs the command that `npm run invoke` runs, without DATABASE_URL. */
function invoke(...args: string[]) {
  const { DATABASE_URL: _, ...env } = process.env
  const script = join(repository, 'scripts/invoke.ts')
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args], {
    cwd: repository,
    env,
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

describe('npm run invoke', () => {
  it('invokes a handler of the shop cold, freezes it, cuts it off and thaws it', { timeout: 30_000 }, () => {
    const event = ['--event', 'test/events/get-order.json']
    const freeze = ['--times', '2', '--freeze', '20ms', '--kill-while-frozen']
    const { status, stdout } = invoke('handlers/get-order.ts', ...event, ...freeze, '--json')
    const reports = stdout.trim().split('\n')
    expect(reports.map((line) => JSON.parse(line))).toMatchObject([
      { start: 'cold', killed: 0, opened: 1, reused: 0, ok: true, response: { statusCode: 200 } },
      { start: 'thawed', killed: 1, opened: 1, reused: 0, ok: true, response: { statusCode: 200 } },
    ])
    expect(status).toBe(0)
  })

  it('fails when the handler throws', { timeout: 30_000 }, () => {
    const source = "export const handler = async () => { throw new TypeError('not today') }"
    const { status, stdout } = invoke(write('throws.ts', source), '--times', '2')
    expect(stdout).toMatch(/^ *1 cold .* 0 opened, 0 reused +TypeError: not today$/m)
    expect(stdout).toMatch(/^ *2 warm .*TypeError: not today$/m)
    expect(status).toBe(1)
  })

  const bad = write('bad.json', '{"id":')
  it.each([
    [[], 'One handler file is needed, 0 were named; see npm run invoke -- --help.'],
    [['nowhere.ts'], 'There is no handler file nowhere.ts.'],
    [['handlers/get-order.ts', '--event', 'nowhere.json'], 'There is no event file nowhere.json.'],
    [['handlers/get-order.ts', '--event', bad], `The event file ${bad} is not JSON: `],
    [['handlers/get-order.ts', '--freeze', '3'], "--freeze is '3', but must be a time such as 2s or 500ms."],
    [['handlers/get-order.ts', '--kill-while-frozen'], '--kill-while-frozen needs --freeze, '],
    [['handlers/get-order.ts', '--times', '0'], "--times is '0', but must be a whole number above 0."],
    [['handlers/get-order.ts', '--colour'], "Unknown option '--colour'; see npm run invoke -- --help."],
    [[write('syntax.ts', 'export const = 1')], /syntax\.ts:1: Expected identifier/],
  ])('says in one sentence what is wrong with %j', (args, sentence) => {
    const { status, stdout, stderr } = invoke(...args)
    expect(stderr).toMatch(sentence)
    expect(stderr.trim()).not.toContain('\n')
    expect(stdout).toBe('')
    expect(status).toBe(1)
  })

  it('says in one sentence that there is no handler', { timeout: 30_000 }, () => {
    const { status, stderr } = invoke(write('none.ts', 'export const other = 1'))
    expect(stderr).toMatch(/^INIT of \S+none\.ts failed with Runtime\.HandlerNotFound: [^\n]+\n$/)
    expect(status).toBe(1)
  })
})
