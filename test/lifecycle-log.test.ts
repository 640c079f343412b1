import { expect, test } from 'vitest'
import { end, initReport, initStart, report, start as startLine } from '../local/src/lambda/log-lines.ts'
import { lifecycle } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start } = lifecycle()

/** What a line of the log says, by the names that stand in it. */
const fields = (line = '') =>
  Object.fromEntries(line.split('\t').map((field) => field.split(': ') as [string, string]))

describeUnderEachRuntime((runtime) => {
  test('the platform tells of INIT, of each invocation, and of what is paid for', async () => {
    const log: string[] = []
    const onOutput = (line: string) => log.push(line)
    const onPlatform = (line: string) => log.push(line)
    await using run = await start({ runtime, memorySize: 256, onOutput, onPlatform })
    const { container } = run
    const cold = await container.invoke({ do: 'say', text: 'said' })
    const warm = await container.invoke({ do: 'throw' })

    expect(log[0]).toMatch(new RegExp(`^INIT_START Runtime Version: nodejs:\\d+\\.${runtime}$`))
    const place = (text: string) => log.findIndex((line) => line.includes(text))
    const ids = [cold, warm].map(({ requestId }) => requestId)
    const lines = log.filter((line) => ids.some((id) => line.includes(`RequestId: ${id}`)))
    expect(lines.map((line) => line.split(/[:\t]/)[0])).toEqual([
      ...['START RequestId', 'END RequestId', 'REPORT RequestId'],
      ...['START RequestId', 'END RequestId', 'REPORT RequestId'],
    ])
    expect([place('load 1'), place('START Req'), place('said'), place('END Req')]).toEqual(
      [place('load 1'), place('START Req'), place('said'), place('END Req')].sort((a, b) => a - b),
    )

    const [first, second] = [fields(lines[2]), fields(lines[5])]
    expect(first['Init Duration']).toBe(`${cold.initMs?.toFixed(2)} ms`)
    expect(first['Billed Duration']).toBe(`${Math.ceil(cold.durationMs + Number(cold.initMs))} ms`)
    expect(first).toMatchObject({ Duration: `${cold.durationMs.toFixed(2)} ms`, 'Memory Size': '256 MB' })
    expect(cold.initMs).toBe(container.initMs)
    expect(second).not.toHaveProperty('Init Duration')
    expect(second['Billed Duration']).toBe(`${Math.ceil(warm.durationMs)} ms`)
    expect(warm).not.toHaveProperty('initMs')
  })

  test('the most memory that was used is the processes’ own', async () => {
    await using run = await start({ runtime })
    const { container, platform } = run
    const before = (await container.invoke()).maxMemoryMb
    expect(before).toBeGreaterThan(20)
    const { maxMemoryMb } = await container.invoke({ do: 'allocate', megabytes: 100 })
    expect(maxMemoryMb - before).toBeGreaterThan(80)
    expect((await container.invoke()).maxMemoryMb).toBe(maxMemoryMb)
    expect(fields(platform.at(-1))['Max Memory Used']).toBe(`${maxMemoryMb} MB`)
  })
})

test('a timeout and a crash stand on the log', async () => {
  await using run = await start()
  const { container, platform } = run
  const late = await container.invoke({ do: 'hang' }, { timeout: 200 })
  const [said, , reported] = platform.slice(-3)
  expect(said).toMatch(
    new RegExp(`^\\d{4}-\\d\\d-\\d\\dT[\\d:.]+Z ${late.requestId} Task timed out after 0\\.20 seconds$`),
  )
  expect(fields(reported)).toMatchObject({ Duration: '200.00 ms', Status: 'timeout' })

  const crashed = await container.invoke({ do: 'crash' })
  expect(platform.slice(-4, -2)).toEqual([
    `RequestId: ${crashed.requestId} Error: Runtime exited with error: exit status 3`,
    'Runtime.ExitError',
  ])
  expect(fields(platform.at(-1))).toMatchObject({ Status: 'error', 'Error Type': 'Runtime.ExitError' })
})

test('the lines are worded as AWS words them', () => {
  const requestId = '79ef2e22-1d8d-4c2f-9f4e-0123456789ab'
  expect(initStart('24', 'ric')).toBe('INIT_START Runtime Version: nodejs:24.ric')
  expect(startLine(requestId, '$LATEST')).toBe(`START RequestId: ${requestId} Version: $LATEST`)
  expect(end(requestId)).toBe(`END RequestId: ${requestId}`)
  const told = { requestId, durationMs: 3.129, billedMs: 140, memorySizeMb: 128, maxMemoryMb: 71 }
  expect(report({ ...told, initMs: 136.5 })).toBe(
    `REPORT RequestId: ${requestId}\tDuration: 3.13 ms\tBilled Duration: 140 ms\tMemory Size: 128 MB\tMax Memory Used: 71 MB\tInit Duration: 136.50 ms`,
  )
  expect(report({ ...told, trouble: { status: 'timeout' } })).toMatch(
    /\tMax Memory Used: 71 MB\tStatus: timeout$/,
  )
  expect(initReport(1236.04, 'init', { status: 'error', errorType: 'Runtime.Unknown' })).toBe(
    'INIT_REPORT Init Duration: 1236.04 ms\tPhase: init\tStatus: error\tError Type: Runtime.Unknown',
  )
})
