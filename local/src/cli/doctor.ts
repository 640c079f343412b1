import { diagnose, type Step } from '../doctor/diagnose.ts'
import type { Subject } from '../doctor/examination.ts'
import { loadProject, type Project } from '../doctor/project.ts'
import { subjectOf, subjectOfModule } from '../doctor/subject.ts'
import type { DoctorOptions } from './doctor-options.ts'
import { Rows } from './doctor-table.ts'
import { EXIT, orExit } from './failure.ts'
import { loadPoolModule } from './pool-module.ts'
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
  const { pool } = options
  const project = await orExit(EXIT.notStarted, () => loadProject(directory))
  if (!pool) return tell(project, subjectOf(project, options), options, outlets)
  const loaded = await orExit(EXIT.notStarted, () => loadPoolModule(project, pool.file))
  try {
    const subject = await orExit(EXIT.notStarted, () => subjectOfModule(project, loaded.exports, pool))
    return await tell(project, subject, options, outlets)
  } finally {
    await loaded.remove()
  }
}

async function tell(
  project: Project,
  subject: Subject,
  { json, timeout: limit }: DoctorOptions,
  outlets: Outlets,
): Promise<number> {
  const print = (text: string) => void outlets.stdout.write(`${text}\n`)
  const rows = new Rows(print, outlets)
  const steps = await diagnose(project, subject, { limit, ...(!json && { told: (step) => rows.add(step) }) })
  if (json) print(JSON.stringify({ ok: !hasFault(steps), steps }, null, 2))
  else rows.end(steps)
  return hasFault(steps) ? EXIT.failed : EXIT.answered
}

function hasFault(steps: readonly Step[]): boolean {
  return steps.some(({ verdict }) => verdict === 'fault')
}
