import { expect } from 'vitest'
import { diagnose, type Step, type StepName } from '../../local/src/doctor/diagnose.ts'
import type { Project } from '../../local/src/doctor/project.ts'
import { subjectOfOptions } from '../../local/src/doctor/subject.ts'
import * as warmpool from '../../src/diagnosis.ts'
import type { PoolOptions } from '../../src/index.ts'
import { secretsIn } from './secrets.ts'

/** What this repository's own source makes of it. */
export const PROJECT: Project = {
  warmpool,
  versions: { warmpool: '0.1.0', mysql2: '3.24.5', wanted: '^3.22.0' },
}

/** Looks at the way to a database, and at whether a secret came out. @param limit milliseconds for each answer */
export async function diagnosed(options: PoolOptions, limit = 5000): Promise<Step[]> {
  const steps = await diagnose(PROJECT, subjectOfOptions(PROJECT, options, 'this test'), { limit })
  expect(secretsIn(JSON.stringify(steps))).toEqual([])
  return steps
}

export function stepOf(steps: readonly Step[], name: StepName): Step {
  const found = steps.find(({ step }) => step === name)
  if (!found) throw new Error(`There is no step ${name}.`)
  return found
}

/**
 * The steps that have found something, or were not looked at. On a machine that has too much to do every way is long: what is said of
 * that counts only where it was made so.
 */
export function notOk(steps: readonly Step[], farAway = false): [StepName, Step['verdict']][] {
  const found = steps.filter(
    ({ step, verdict }) => verdict !== 'ok' && (farAway || step !== 'round_trip' || verdict !== 'warning'),
  )
  return found.map(({ step, verdict }) => [step, verdict])
}
