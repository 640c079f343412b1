import { type Figure, figure } from '../measure/figure.ts'
import { shuffled } from '../measure/paired.ts'
import type { Policy } from './policies.ts'
import type { Sleeper } from './sleeper.ts'

export type Sleepers = ReadonlyMap<Policy, Sleeper>

const ROUNDS = 60
const REFERENCE: Policy = 'reuse'

/** The first query after a thaw with nothing wrong: what it takes, and what of that the policy has added to reuse. */
export async function awake(sleepers: Sleepers): Promise<Map<Policy, Record<string, Figure>>> {
  const rounds: Map<Policy, number>[] = []
  for (let round = 0; round < ROUNDS; round++) rounds.push(await oneRound(sleepers))
  const row = (policy: Policy) => ({
    alive: figure(rounds.map(of(policy)), 'ms'),
    'added to reuse': figure(
      rounds.map((round) => of(policy)(round) - of(REFERENCE)(round)),
      'ms',
    ),
  })
  return new Map([...sleepers.keys()].map((policy) => [policy, row(policy)]))
}

/** Each in its turn, the others frozen; in another order each time. */
async function oneRound(sleepers: Sleepers): Promise<Map<Policy, number>> {
  for (const sleeper of sleepers.values()) await sleeper.ask()
  await Promise.all([...sleepers.values()].map((sleeper) => sleeper.freeze()))
  const round = new Map<Policy, number>()
  for (const [policy, sleeper] of shuffled([...sleepers])) {
    const took = await sleeper.wake()
    if (took === undefined) throw new Error(`An invocation failed to which nothing was done (${policy}).`)
    round.set(policy, took)
    await sleeper.freeze()
  }
  return round
}

function of(policy: Policy) {
  return (round: Map<Policy, number>) => round.get(policy) as number
}
