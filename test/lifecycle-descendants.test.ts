import { expect, test } from 'vitest'
import { processStates } from '../local/src/lambda/process-state.ts'
import { gone, lifecycle } from './support/lifecycle.ts'

const { start, write } = lifecycle()

const handler = write(
  'parent.mjs',
  `import { spawn } from 'node:child_process'
  const sleep = (detached) => spawn('sleep', ['60'], { detached, stdio: 'ignore' })
  if (process.env.OBEYS) {
    const headers = { 'lambda-extension-name': 'internal' }
    const url = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension/'
    const { headers: given } = await fetch(url + 'register', { method: 'POST', headers, body: '{"events":[]}' })
    const id = given.get('lambda-extension-identifier')
    fetch(url + 'event/next', { headers: { 'lambda-extension-identifier': id } }).catch(() => {})
    process.on('SIGTERM', () => process.exit(0))
  }
  export const handler = async () => [sleep(false), sleep(true)].map((child) => child.pid)`,
)

const stateOf = (pid: number) => [...new Set(processStates(pid))]

async function descendants(env: Record<string, string> = {}) {
  const run = await start({ handler, runtime: 'loop', env })
  const result = await run.container.invoke()
  return { run, pids: (result as unknown as { response: number[] }).response }
}

test.runIf(process.platform === 'linux')(
  'what a process has started is frozen, thawed and killed with it, also in a group of its own',
  async () => {
    const { run, pids } = await descendants()
    await using _ = run
    const { container } = run
    expect(pids.map(stateOf)).toEqual([['S'], ['S']])
    await container.freeze()
    expect(pids.map(stateOf)).toEqual([['T'], ['T']])
    container.thaw()
    await expect.poll(() => pids.map(stateOf)).toEqual([['S'], ['S']])
    await container.freeze()
    await container.shutdown()
    await expect.poll(() => pids.map(gone)).toEqual([true, true])
  },
)

test.runIf(process.platform === 'linux').each([
  ['obeyed SIGTERM', { OBEYS: '1' }, 'shutdown'],
  ['was killed in its freeze by somebody else', {}, 'kill'],
] as const)('nor does it outlive a process that %s', async (_what, env, end) => {
  const { run, pids } = await descendants(env)
  await using _ = run
  await run.container.freeze()
  if (end === 'kill') process.kill(run.container.pid, 'SIGKILL')
  else await run.container.shutdown()
  await expect.poll(() => pids.map(gone)).toEqual([true, true])
})
