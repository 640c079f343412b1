import { setTimeout as delay } from 'node:timers/promises'
import type { LambdaApi } from './api/lambda-api.ts'
import type { ContainerProcess } from './container-process.ts'

/** What there is in all, in milliseconds: AWS's page of the execution environment. */
const WITH_INTERNAL = 500
const WITH_EXTERNAL = 2000
/** Of which the runtime has this share before the extensions have their turn: the emulator's `runtimeDeadlineShare`. */
const RUNTIME_SHARE = 0.3

/** Why extensions are told to end: the environment was idle for long, an invocation's time was up, or something crashed. */
export type ShutdownReason = 'spindown' | 'timeout' | 'failure'

/** What is to end. */
export interface Departure {
  runtime: ContainerProcess | undefined
  extensions: ReadonlyMap<string, ContainerProcess>
  api: LambdaApi
  reason: ShutdownReason
  /** Awaited when who is to leave by itself has left or had its time, and the rest is about to be killed. */
  beforeKill?: (() => Promise<unknown>) | undefined
}

/**
 * Lambda's Shutdown phase. Where nobody has registered an extension the runtime is killed; else it is sent SIGTERM, and after
 * it extensions that asked for SHUTDOWN are told, and whoever stays beyond the time there is, is killed.
 */
export async function shutDown({ runtime, extensions, api, reason, beforeKill }: Departure): Promise<void> {
  const all = [...extensions.values(), ...(runtime ? [runtime] : [])]
  if (api.extensions.all.length > 0) {
    const total = extensions.size > 0 ? WITH_EXTERNAL : WITH_INTERNAL
    const deadline = Date.now() + total
    runtime?.signal('SIGTERM') // before the thaw, so that it is there when it wakes
    for (const one of all) one.thaw()
    if (runtime) await within(extensions.size > 0 ? total * RUNTIME_SHARE : total, runtime.exited)
    if (extensions.size > 0) await runtime?.kill()
    await dismiss(extensions, api, reason, deadline)
  }
  await beforeKill?.()
  await Promise.all(all.map((one) => one.kill()))
}

/** Tells the extensions that want to know, and kills the others at once. */
async function dismiss(
  extensions: Departure['extensions'],
  api: LambdaApi,
  reason: ShutdownReason,
  deadline: number,
): Promise<void> {
  const event = { eventType: 'SHUTDOWN' as const, deadlineMs: deadline, shutdownReason: reason }
  api.extensions.tell(event)
  const told = api.extensions.all.filter(({ events }) => events.includes('SHUTDOWN'))
  const names = new Set(told.map(({ name }) => name))
  for (const [name, one] of extensions) if (!names.has(name)) await one.kill()
  await within(deadline - Date.now(), Promise.all([...extensions.values()].map((one) => one.exited)))
}

async function within(ms: number, wanted: Promise<unknown>): Promise<void> {
  const patience = new AbortController()
  await Promise.race([wanted, delay(Math.max(0, ms), undefined, { signal: patience.signal })])
  patience.abort()
}
