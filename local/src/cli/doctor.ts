import { diagnose, type Step } from '../doctor/diagnose.ts'
import { loadProject, type Project } from '../doctor/project.ts'
import { subjectOf, subjectOfModule } from '../doctor/subject.ts'
import type { DoctorOptions } from './doctor-options.ts'
import { skippedRow, stepRow, summaryOf } from './doctor-table.ts'
import { EXIT, orExit } from './failure.ts'
import type { Outlets } from './screen.ts'

/**
 * `warmpool-local doctor`: connects as the warmpool of the directory would, and tells each step.
 *
 * @returns 0 without a fault, else 1
 * @throws CommandError in one sentence when there is no warmpool to ask, or nothing to look at
 */
export async function doctor(
  options: DoctorOptions,
  directory = process.cwd(),
  outlets: Outlets = process,
): Promise<number> {
  const { json, timeout, pool } = options
  const project: Project = await orExit(EXIT.notStarted, () => loadProject(directory))
  const subject = await orExit(EXIT.notStarted, () =>
    pool ? subjectOfModule(project, pool.file, pool.exportName) : subjectOf(project, options),
  )
  const print = (text: string) => void outlets.stdout.write(`${text}\n`)
  const told = (step: Step) => step.verdict !== 'skipped' && print(stepRow(step, outlets))
  const steps = await diagnose(project, subject, { limit: timeout, ...(!json && { told }) })
  const skipped = steps.filter(({ verdict }) => verdict === 'skipped')
  if (json) print(JSON.stringify({ ok: !hasFault(steps), steps }, null, 2))
  else {
    if (skipped.length > 0) print(skippedRow(skipped, outlets))
    print(summaryOf(steps, outlets))
  }
  return hasFault(steps) ? EXIT.failed : EXIT.answered
}

function hasFault(steps: readonly Step[]): boolean {
  return steps.some(({ verdict }) => verdict === 'fault')
}
