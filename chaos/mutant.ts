import type { RuntimeName } from '../local/src/lambda/runtime.ts'
import type { Script } from './script/script.ts'
import type { Change } from './world/bundle.ts'

/** Warmpool with one of its mechanisms switched off. */
export interface Mutant {
  readonly name: string
  readonly changes: readonly Change[]
  /** The promise and the rule by which it is noticed. */
  readonly breaks: string
  /** Where it shows: how many invocations the container takes at once. Default one, and several beside it. */
  readonly worlds?: readonly number[]
  /** Makes of a script one in which it shows sooner. */
  readonly shape?: (script: Script) => Script
  /** Under which it shows; default any. */
  readonly runtime?: RuntimeName
}

/** With one change in one file of `src`. */
export const off = (name: string, breaks: string, file: string, find: string, replace: string): Mutant => ({
  name,
  breaks,
  changes: [{ file: `src/${file}`, find, replace }],
})
