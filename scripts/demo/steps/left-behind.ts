import { setTimeout as sleep } from 'node:timers/promises'
import { count } from '../../server-view.ts'
import type { Stage } from '../stage.ts'
import type { Step } from '../step.ts'

/** What a handler that waits for a connection in vain is given, milliseconds. */
const TIMEOUT = 1000
/** What was not awaited has come to its end by then, milliseconds. */
const SETTLED = 50

/** A handler that never calls `release()`: once all connections are lent, an invocation waits until its timeout. */
export function forgottenRelease(rounds: number): Step {
  return {
    title: `forgets release(), ${rounds} times`,
    failure: 'Handler forgets `release()` (2 connections, a timeout of 1 s)',
    connections: { opened: 1, left: 1, aborted: 0 },
    play: async (stage: Stage) => {
      const container = await stage.start('careless')
      let failed = 0
      for (let round = 0; round < rounds; round++) {
        const { ok } = await stage.invoke(container, { does: 'forgetRelease' }, { timeout: TIMEOUT })
        if (!ok) failed++
      }
      return { said: `${failed} of ${rounds} timed out`, wrong: failed }
    },
  }
}

/** A signed-in customer's invocation sets a session variable; the next one is a guest's. */
export function sessionState(rounds: number): Step {
  return {
    title: `leaves SET @customer, ${rounds} times`,
    failure: 'Session variable set by one invocation, read by the next',
    connections: { opened: 1, left: 1, aborted: 0 },
    play: async (stage: Stage) => {
      const container = await stage.start('careless')
      let shown = 0
      for (let round = 0; round < rounds; round++) {
        await stage.invoke(container, { does: 'signIn', customerId: 1 })
        const guest = await stage.invoke(container, { does: 'ordersOfGuest' })
        if (!guest.ok || Number(guest.response) > 0) shown++
      }
      return { said: `${shown} of ${rounds} saw it`, wrong: shown }
    },
  }
}

/** Work that was not awaited goes on after the answer. */
export function forgottenAwait(rounds: number): Step {
  return {
    title: `forgets await, ${rounds} times`,
    failure: '`INSERT` not awaited, sent after the answer',
    connections: { opened: 1, left: 1, aborted: 0 },
    play: async (stage: Stage) => {
      const container = await stage.start('careless')
      const before = await orders(stage)
      for (let round = 0; round < rounds; round++) {
        await stage.invoke(container, { does: 'forgetAwait' })
        await sleep(SETTLED)
      }
      const landed = (await orders(stage)) - before
      return { said: `${landed} of ${rounds} landed`, wrong: landed }
    },
  }
}

function orders({ database }: Stage): Promise<number> {
  return count(database, 'SELECT COUNT(*) FROM orders')
}
