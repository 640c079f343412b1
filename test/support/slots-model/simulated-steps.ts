import fc from 'fast-check'
import { commonSteps, often, Step, somebodyHolds, which } from './commands.ts'
import type { Ledger } from './ledger.ts'
import type { SimulatedWorld } from './simulated-world.ts'

const outcome = fc.constantFrom('opens', 'opens', 'opens', 'opens', 'opens', 'dies', 'refused', 'hopeless')
const fatal = fc.constantFrom(false, false, false, false, true)

/** In a simulated world every answer is a step of its own. */
export function simulatedSteps(): fc.WeightedArbitrary<Step<SimulatedWorld>>[] {
  return [
    ...commonSteps<SimulatedWorld>(),
    often(
      16,
      fc
        .tuple(which, outcome)
        .map(([n, how]) => step(`connects(${n}, '${how}')`, (world) => world.connects(n, how))),
    ),
    often(
      16,
      fc
        .tuple(which, fatal)
        .map(([n, dies]) => step(`answer(${n}, ${dies})`, (world) => world.answer(n, dies))),
    ),
    often(12, fc.constant(step('turn()', (world) => world.turn()))),
    often(
      4,
      which.map((n) => step(`submit(${n})`, (world) => world.submit(n), somebodyHolds)),
    ),
    often(
      2,
      which.map((n) => step(`evict(${n})`, (world) => world.evict(n), somebodyHolds)),
    ),
    often(
      2,
      which.map((n) => step(`kill(${n}, silently)`, (world) => world.kill(n, true))),
    ),
    often(1, fc.constant(step('retire()', (world) => world.retire()))),
    often(1, fc.constant(step('trim()', (world) => world.slots.trim()))),
    often(
      4,
      fc.constant(
        step(
          'stop()',
          (world) => world.stop(),
          (ledger) => ledger.ended,
        ),
      ),
    ),
  ]
}

function step(
  label: string,
  act: (world: SimulatedWorld) => unknown,
  possible?: (ledger: Ledger) => boolean,
) {
  return new Step<SimulatedWorld>(label, act, possible)
}
