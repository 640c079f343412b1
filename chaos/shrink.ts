import { playOften } from './campaign.ts'
import type { Script, Step } from './script/script.ts'
import type { Finding } from './tally.ts'
import type { Cast } from './world/play.ts'
import { World } from './world/world.ts'

/** As faults race, each candidate has so many chances to fail. */
const TRIES = 3

/** Plays ever shorter parts of a script that breaks a promise, as long as they break it, too, and as there is time. */
export async function shrink({ broken, script }: Finding, cast: Cast, milliseconds: number): Promise<Script> {
  const key = `${broken.promise} ${broken.rule}`
  const end = Date.now() + milliseconds
  await using world = await World.create()
  const fails = async (candidate: Script) =>
    Date.now() < end && (await playOften(candidate, cast, world, TRIES)).has(key)
  let shortest = script
  for (let better: Script | undefined = script; better; ) {
    shortest = better
    better = undefined
    for (const candidate of candidates(shortest))
      if (await fails(candidate)) {
        better = candidate
        break
      }
  }
  return shortest
}

/** Shorter by ever smaller parts: of the steps, of a step's faults, of its programs. */
function* candidates(script: Script): Generator<Script> {
  const { steps } = script
  for (let size = Math.ceil(steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = steps.length - size; at >= 0; at -= size)
      yield { ...script, steps: [...steps.slice(0, at), ...steps.slice(at + size)] }
  for (const [at, step] of steps.entries())
    for (const simpler of simplerSteps(step)) yield { ...script, steps: steps.with(at, simpler) }
}

function* simplerSteps(step: Step): Generator<Step> {
  if (step.frozen) yield { ...step, frozen: false }
  if (step.lateBy > 0) yield { ...step, lateBy: 0 }
  for (const [i] of step.before.entries()) yield { ...step, before: step.before.toSpliced(i, 1) }
  for (const [i] of step.during.entries()) yield { ...step, during: step.during.toSpliced(i, 1) }
  for (const [i] of step.invocations.entries())
    yield { ...step, invocations: step.invocations.toSpliced(i, 1) }
  for (const [i, invocation] of step.invocations.entries())
    for (const program of simplerLists(invocation.program))
      yield { ...step, invocations: step.invocations.with(i, { ...invocation, program }) }
}

/** Without one of its elements, or with a shorter list in one of them. */
function* simplerLists<T>(list: readonly T[]): Generator<T[]> {
  for (const [i] of list.entries()) if (list.length > 1) yield list.toSpliced(i, 1)
  for (const [i, element] of list.entries())
    for (const key of ['steps', 'branches'] as const) {
      const inner = (element as Record<string, unknown>)[key]
      if (!Array.isArray(inner)) continue
      for (const shorter of simplerLists(inner)) yield list.with(i, { ...element, [key]: shorter })
    }
}
