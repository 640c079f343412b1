import { setTimeout as sleep } from 'node:timers/promises'
import type { RuntimeName } from 'warmpool-local'
import getOrder from '../../../test/events/get-order.json' with { type: 'json' }
import { TcpProxy } from '../../../test/support/tcp-proxy.ts'
import { type Stage, statusOf } from '../stage.ts'
import type { Outcome, Step } from '../step.ts'

/**
 * The server closes the connection of a frozen container. When it thaws, the kernel holds both the end of that connection and
 * the next invocation: every other time the one came first, and every other time the other.
 */
export function killedWhileFrozen(rounds: number, runtime: RuntimeName): Step {
  return {
    title: `killed while frozen, ${rounds} times (${runtime})`,
    note: runtime === 'ric' ? "under AWS's runtime client" : 'under a plain polling loop',
    connections: { opened: rounds + 1, aborted: rounds, left: 1 },
    play: async (stage: Stage) => {
      const container = await stage.start('getOrder', runtime)
      const kill = () => stage.database.killConnections()
      let failed = 0
      for (let round = 0; round < rounds; round++) {
        await stage.invoke(container, getOrder) // leaves a connection to kill
        await container.freeze()
        if (round % 2 === 0) await kill()
        const answer = await stage.invoke(container, getOrder, round % 2 === 0 ? {} : { beforeThaw: kill })
        if (statusOf(answer) !== 200) failed++
      }
      return failures(failed, rounds)
    },
  }
}

/** Longer than the `validateAfter` of the careless handlers. */
const FROZEN = 150
const UNTIL_FIN = 20

/**
 * A paused machine's kernel is paused with it, so it may learn only after the thaw that the connection was closed. Here a
 * proxy holds that back.
 */
export function toldAfterThaw(rounds: number): Step {
  return {
    title: `FIN ${UNTIL_FIN} ms after the thaw, ${rounds} times`,
    failure: `Connection closed while the container was frozen; it hears of that ${UNTIL_FIN} ms after the thaw (slept for longer than \`validateAfter\`: here 100 ms, by default 1 s)`,
    connections: { opened: rounds + 1, left: 1 },
    play: async (stage: Stage) => {
      const { host, port, url } = stage.database
      const proxy = stage.use(await TcpProxy.to({ host, port }))
      const container = await stage.start('careless', stage.runtime, proxy.url(url))
      const event = { does: 'placeOrder' }
      let failed = 0
      for (let round = 0; round < rounds; round++) {
        await stage.invoke(container, event) // leaves a connection to kill
        await container.freeze()
        proxy.toClient.hold()
        await stage.database.killConnections()
        await sleep(FROZEN)
        const answer = stage.invoke(container, event)
        await sleep(UNTIL_FIN)
        proxy.toClient.letGo()
        if (!(await answer).ok) failed++
      }
      return failures(failed, rounds)
    },
  }
}

function failures(failed: number, rounds: number): Outcome {
  return { said: `${failed} of ${rounds} failed`, wrong: failed }
}
