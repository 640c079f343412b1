import { PerformanceObserver } from 'node:perf_hooks'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Contestant, ROWS } from '../contestants/contestant.ts'
import type { Block, Cost } from './block.ts'
import { takeOrders } from './orders.ts'

/** Runs one contestant's handler as the Lambda runtime would, in blocks. */

let collecting = 0
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collecting += duration
}).observe({ entryTypes: ['gc'] })

const { handler, close }: Contestant = await import(`../contestants/${process.argv[2]}.ts`)
takeOrders(measure, close)

async function measure(block: Block): Promise<Cost> {
  const collected = collecting
  const before = process.cpuUsage()
  const { invocations, wall } = await (block.pause ? withPauses(block, block.pause) : backToBack(block))
  const { user, system } = process.cpuUsage(before)
  await sleep(1) // collections are told a turn later
  return {
    invocations,
    wall: (wall * 1000) / invocations,
    cpu: (user + system) / invocations,
    collecting: ((collecting - collected) * 1000) / invocations,
  }
}

async function backToBack({ milliseconds, atMost = Number.POSITIVE_INFINITY }: Block) {
  const start = performance.now()
  let wall = 0
  let invocations = 0
  while (wall < milliseconds && invocations < atMost) {
    await invoke()
    invocations++
    wall = performance.now() - start
  }
  return { invocations, wall }
}

/** Only the invocations count, not what lies between them. */
async function withPauses({ milliseconds, atMost = Number.POSITIVE_INFINITY }: Block, pause: number) {
  const end = performance.now() + milliseconds
  let wall = 0
  let invocations = 0
  while (performance.now() < end && invocations < atMost) {
    await sleep(pause)
    const start = performance.now()
    await invoke()
    wall += performance.now() - start
    invocations++
  }
  return { invocations, wall }
}

let calls = 0

async function invoke(): Promise<void> {
  const id = 1 + (calls++ % ROWS)
  const row = await handler({ id }, lambdaContext())
  if (row?.id !== id) throw new Error(`The handler was asked for row ${id} and gave ${JSON.stringify(row)}.`)
}

/** What the runtime client gives a handler, as far as middy or a pool looks at it. */
function lambdaContext(): object {
  const deadline = Date.now() + 3000
  return {
    awsRequestId: `bench-${calls}`,
    functionName: 'bench',
    functionVersion: '$LATEST',
    memoryLimitInMB: '1024',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
}
