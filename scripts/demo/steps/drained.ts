import { whenGone } from '../../server-view.ts'
import type { Stage } from '../stage.ts'
import type { Step } from '../step.ts'

const QUERIES = 5

/** `end()` at once after five queries on two connections: what was submitted before it is answered, and all is closed. */
export function drained(): Step {
  return {
    title: `end() with ${QUERIES} queries on the way`,
    connections: { opened: 2, left: 0, aborted: 0 },
    play: async (stage: Stage) => {
      const container = await stage.start('careless')
      const result = await stage.invoke(container, { does: 'endTooSoon' })
      await whenGone(stage.database)
      const answered = result.ok ? Number(result.response) : 0
      return { said: `${answered} of ${QUERIES} answered`, wrong: answered === QUERIES ? 0 : 1 }
    },
  }
}
