import type { RuntimeName } from '../local/src/lambda/runtime.ts'
import { campaign } from './campaign.ts'
import type { Mutant } from './mutant.ts'
import { MUTANTS } from './mutants.ts'
import { Tally } from './tally.ts'
import { bundleHandler } from './world/bundle.ts'

/** By then a break must have been noticed. */
export const AT_MOST = 2000

interface Hunting {
  readonly seed: number
  readonly runtime: RuntimeName
}

/** How many invocations it took to notice a mutant, by the promise that it breaks; undefined where it was not. */
export async function track(mutant: Mutant, { seed, runtime }: Hunting): Promise<number | undefined> {
  const cast = {
    client: 'warmpool',
    runtime: mutant.runtime ?? runtime,
    handler: await bundleHandler('warmpool', mutant.changes),
  } as const
  const tally = new Tally()
  const enough = ({ findings }: Tally) => findings.has(mutant.breaks)
  await campaign(
    { cast, seed, invocations: AT_MOST, worlds: mutant.worlds ?? [1, 4], shape: mutant.shape, enough },
    tally,
  )
  return enough(tally) ? tally.invocations : undefined
}

/** Goes after all of them. @returns whether each was noticed */
export async function hunt(hunting: Hunting): Promise<boolean> {
  let all = true
  for (const mutant of MUTANTS) {
    const found = await track(mutant, hunting)
    all &&= found !== undefined
    const when = found === undefined ? `NOT in ${AT_MOST} invocations` : `within ${found} invocations`
    console.log(`${mutant.name}: noticed ${when} (${mutant.breaks})`)
  }
  return all
}
