import { join } from 'node:path'
import { expect } from 'vitest'
import { diagnose, type Step, type StepName } from '../../local/src/doctor/diagnose.ts'
import type { Subject } from '../../local/src/doctor/examination.ts'
import type { Project } from '../../local/src/doctor/project.ts'
import { subjectOfOptions } from '../../local/src/doctor/subject.ts'
import * as warmpool from '../../src/diagnosis.ts'
import type { PoolOptions } from '../../src/index.ts'
import { secretsIn } from './secrets.ts'

/** What this repository's own source makes of it. */
export const PROJECT: Project = {
  warmpool,
  root: join(import.meta.dirname, '../..'),
  versions: { warmpool: '0.1.0', mysql2: '3.24.5', wanted: '^3.22.0' },
}

/** Looks at the way to a database, and at whether a secret came out. @param limit milliseconds for each answer */
export async function diagnosed(options: PoolOptions, limit = 5000): Promise<Step[]> {
  return look(subjectOfOptions(PROJECT, options, 'this test'), limit)
}

/** The same of any subject. */
export async function look(subject: Subject, limit = 5000): Promise<Step[]> {
  const steps = await diagnose(PROJECT, subject, { limit })
  expect(secretsIn(JSON.stringify(steps))).toEqual([])
  return steps
}

export function stepOf(steps: readonly Step[], name: StepName, ofReader = false): Step {
  const found = steps.find(({ step, reader }) => step === name && reader === ofReader)
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
