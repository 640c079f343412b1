import type { RuntimeName } from 'warmpool-local'
import type { Act, Step } from './step.ts'
import { drained } from './steps/drained.ts'
import { forgottenAwait, forgottenRelease, sessionState } from './steps/left-behind.ts'
import { killedWhileFrozen, toldAfterThaw } from './steps/thawed.ts'
import { soldOut, thrownInTransaction } from './steps/thrown.ts'
import { warm } from './steps/warm.ts'

/** What the demo shows. */
export function demo(runtime: RuntimeName): Act[] {
  return [
    {
      title: 'The shop as it is deployed: handlers/get-order.ts, handlers/place-order.ts',
      steps: [warm('cold', 1), warm('cold, then warm 20 times', 21), ...thaws(20, runtime), soldOut()],
    },
    {
      title: 'A paused machine learns late that it was cut off (validateAfter 100 ms here, 1 s by default)',
      steps: [toldAfterThaw(20)],
    },
    {
      title: 'Careless code, the same on both pools: scripts/demo/handlers/careless.ts',
      steps: [...mistakes(10), drained()],
    },
  ]
}

/** What the README quotes. */
export function readme(runtime: RuntimeName): Act[] {
  return [{ title: 'For the README', steps: [...thaws(300, runtime), toldAfterThaw(100), ...mistakes(100)] }]
}

/** Under AWS's runtime client, where it is installed, and under the loop, which is the harder race. */
function thaws(rounds: number, runtime: RuntimeName): Step[] {
  const runtimes: RuntimeName[] = runtime === 'ric' ? ['ric', 'loop'] : ['loop']
  return runtimes.map((name) => killedWhileFrozen(rounds, name))
}

function mistakes(rounds: number): Step[] {
  return [thrownInTransaction(rounds), forgottenRelease(rounds), sessionState(rounds), forgottenAwait(rounds)]
}
