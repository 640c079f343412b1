import { describe } from 'vitest'
import { chooseRuntime, type RuntimeName } from '../../local/src/lambda/runtime.ts'

const missing = chooseRuntime('auto').name !== 'ric'

/**
 * Describes a behaviour under AWS's own runtime client and under the loop. Where the client is not built its half is
 * skipped, and that is said; with `CI=true` it runs, and fails.
 */
export function describeUnderEachRuntime(behaviour: (runtime: RuntimeName) => void): void {
  const skip = missing && process.env.CI !== 'true'
  if (skip)
    console.warn(
      "AWS's runtime client is not built (sh scripts/ensure-runtime-client.sh): its half is skipped.",
    )
  describe.skipIf(skip)('under the runtime ric', () => behaviour('ric'))
  describe('under the runtime loop', () => behaviour('loop'))
}
