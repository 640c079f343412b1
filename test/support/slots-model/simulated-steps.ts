import fc from 'fast-check'
import { commonSteps, nothing, type Step, somebodyHolds, step, which } from './commands.ts'
import type { Ledger } from './ledger.ts'
import type { SimulatedWorld } from './simulated-world.ts'

const outcome = fc.constantFrom('opens', 'opens', 'opens', 'opens', 'opens', 'dies', 'refused', 'hopeless')
const fatal = fc.constantFrom(false, false, false, false, true)
const ended = (ledger: Ledger) => ledger.ended

/** In a simulated world every answer is a step of its own. */
export function simulatedSteps(): fc.WeightedArbitrary<Step<SimulatedWorld>>[] {
  return [
    ...commonSteps<SimulatedWorld>(),
    step(16, 'connects', fc.tuple(which, outcome), (world, n, how) => world.connects(n, how)),
    step(16, 'answer', fc.tuple(which, fatal), (world, n, dies) => world.answer(n, dies)),
    step(12, 'turn', nothing, (world) => world.turn()),
    step(4, 'submit', fc.tuple(which), (world, n) => world.submit(n), somebodyHolds),
    step(2, 'evict', fc.tuple(which), (world, n) => world.evict(n), somebodyHolds),
    step(2, 'kill silently', fc.tuple(which), (world, n) => world.kill(n, true)),
    step(1, 'retire', nothing, (world) => world.retire()),
    step(1, 'trim', nothing, (world) => world.slots.trim()),
    step(4, 'stop', nothing, (world) => world.stop(), ended),
  ]
}
