import { join } from 'node:path'
import { bundle } from '../../local/src/function/bundle.ts'
import { startContainer } from '../../local/src/lambda/init.ts'
import type { Answer } from './handlers/answer.ts'
import type { Reachable } from './servers.ts'

/** Who starts: a handler, whether it opens its connection before it is asked for, and whom it is compared with. */
export const STARTERS = {
  prewarm: { handler: 'pool-first', prewarm: true, against: 'lazy' },
  lazy: { handler: 'pool-first', prewarm: false, against: 'lazy' },
  'prewarm, 50 ms': { handler: 'configured', prewarm: true, against: 'lazy, 50 ms' },
  'lazy, 50 ms': { handler: 'configured', prewarm: false, against: 'lazy, 50 ms' },
  'mysql2 pool': { handler: 'mysql2-pool', prewarm: false, against: 'lazy' },
} as const satisfies Record<string, { handler: string; prewarm: boolean; against: string }>

export type StarterName = keyof typeof STARTERS

export type Handlers = Readonly<Record<string, string>>

export async function bundleHandlers(directory: string): Promise<Handlers> {
  const names = new Set(Object.values(STARTERS).map(({ handler }) => handler))
  const bundled = [...names].map(async (name) => {
    const { file } = await bundle(join(import.meta.dirname, `handlers/${name}.ts`), directory)
    return [name, file] as const
  })
  return Object.fromEntries(await Promise.all(bundled))
}

/** A new container, and its first invocation. @param beforeInvoke awaited in between */
export async function coldStart(
  name: StarterName,
  handlers: Handlers,
  { env }: Reachable,
  beforeInvoke?: () => Promise<unknown>,
): Promise<Answer> {
  const { handler, prewarm } = STARTERS[name]
  await using container = await startContainer({
    handler: handlers[handler] as string,
    env: { ...env, PREWARM: prewarm ? 'yes' : 'no' },
  })
  await beforeInvoke?.()
  const result = await container.invoke({})
  if (result.ok) return result.response as Answer
  throw new Error(`A cold start failed (${name}): ${result.error.errorMessage}\n${container.output}`)
}
