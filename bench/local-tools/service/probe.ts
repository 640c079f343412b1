import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { threadId } from 'node:worker_threads'

/** One for each time that this module is loaded. */
const instance = crypto.randomUUID()
let calls = 0
let ticks = 0
let ticking = false

interface Context {
  getRemainingTimeInMillis(): number
}

/** What may be asked; see cells.ts. */
export type Asked =
  | { does: 'state' | 'tick' | 'allocate' | 'throw' }
  | { does: 'wait'; milliseconds: number }
  | { does: 'outlive'; file: string }

export type Told = Awaited<ReturnType<typeof handler>>

export async function handler(asked: Asked, context: Context) {
  const { stack } = new Error('who calls')
  const before = context.getRemainingTimeInMillis()
  if (asked.does === 'tick') tick()
  if (asked.does === 'wait') await sleep(asked.milliseconds)
  if (asked.does === 'outlive') await outlive(asked.file)
  if (asked.does === 'throw') throw new TypeError('thrown on purpose')
  const megabytes = asked.does === 'allocate' ? await allocate() : 0
  return {
    instance,
    calls: ++calls,
    process: `${process.pid}/${threadId}`,
    ticks,
    remaining: [before, context.getRemainingTimeInMillis()],
    calledBy: stack,
    environment: Object.keys(process.env),
    megabytes,
  }
}

/** From now on, every 10 ms. */
function tick(): void {
  if (!ticking) setInterval(() => ticks++, 10)
  ticking = true
}

/** Twice as long as the timeout, writing every 50 ms. */
async function outlive(file: string): Promise<void> {
  const end = performance.now() + 2000
  while (performance.now() < end) {
    await sleep(50)
    appendFileSync(file, '.')
  }
}

/** Three times what the function may have, really touched. */
async function allocate(): Promise<number> {
  const held: Buffer[] = []
  while (held.length < 40) {
    held.push(Buffer.alloc(10_000_000, 1))
    await sleep(5)
  }
  return held.length * 10
}
