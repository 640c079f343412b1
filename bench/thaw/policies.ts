import { join } from 'node:path'
import { bundle } from '../../local/src/function/bundle.ts'

/** What may be done with a connection that was idle, cheapest first. */
export const POLICIES = {
  reuse: 'reuse without a look',
  probe: 'probe: one turn of the loop',
  'probe-and-wait': 'probe, then wait 5 ms',
  ping: 'ping after a turn',
  replace: 'replace',
}

export type Policy = keyof typeof POLICIES

export const POLICY_NAMES = Object.keys(POLICIES) as Policy[]

/** The bundled handler of each, in a directory. */
export async function bundlePolicies(directory: string): Promise<ReadonlyMap<Policy, string>> {
  const bundled = POLICY_NAMES.map(async (policy) => {
    const { file } = await bundle(join(import.meta.dirname, 'handlers', `${policy}.ts`), directory)
    return [policy, file] as const
  })
  return new Map(await Promise.all(bundled))
}
