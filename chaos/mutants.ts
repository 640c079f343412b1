import type { Change } from './world/bundle.ts'

/** One of warmpool's mechanisms, switched off. */
export interface Mutant extends Change {
  readonly name: string
  /** The promise and the rule by which it is noticed. */
  readonly breaks: string
  /** Where it shows; default one invocation at a time, and several. */
  readonly worlds?: readonly number[]
}
export const MUTANTS: readonly Mutant[] = []
