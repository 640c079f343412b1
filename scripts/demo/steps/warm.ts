import getOrder from '../../../test/events/get-order.json' with { type: 'json' }
import { type Stage, statusOf } from '../stage.ts'
import type { Step } from '../step.ts'

/** The shop's `GET /orders/42` in one container: the first invocation, and the ones after it. */
export function warm(title: string, invocations: number): Step {
  return {
    title,
    connections: { opened: 1, left: 1, aborted: 0 },
    play: async (stage: Stage) => {
      const container = await stage.start('getOrder')
      let answered = 0
      for (let i = 0; i < invocations; i++)
        if (statusOf(await stage.invoke(container, getOrder)) === 200) answered++
      return { said: `${answered} of ${invocations} answered`, wrong: invocations - answered }
    },
  }
}
