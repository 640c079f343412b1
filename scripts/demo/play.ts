import type { Database, RuntimeName } from 'warmpool-local'
import { type Connections, watchConnections } from '../server-view.ts'
import { type Contestant, Stage } from './stage.ts'
import type { Outcome, Result, Step } from './step.ts'

/** Lets a contestant play a step, in containers of its own, and judges what came of it. */
export async function play(
  step: Step,
  contestant: Contestant,
  database: Database,
  runtime: RuntimeName,
): Promise<Result> {
  await using stage = new Stage(contestant, database, runtime)
  const seen = await watchConnections(database)
  const outcome = await step.play(stage)
  const connections = await seen()
  const { invocations } = stage
  return { ...outcome, invocations, connections, broken: judge(step, contestant, outcome, connections) }
}

function judge(step: Step, { name }: Contestant, { said, wrong }: Outcome, seen: Connections) {
  if (wrong > 0) return `${step.title}: ${said} with ${name}, where nothing was to go wrong.`
  for (const key of ['opened', 'aborted', 'left'] as const) {
    const expected = step.connections[key] ?? seen[key]
    if (seen[key] !== expected)
      return `${step.title}: ${seen[key]} connections ${key} with ${name}, where ${expected} were promised.`
  }
  return undefined
}
