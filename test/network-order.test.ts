import fc from 'fast-check'
import { expect, test } from 'vitest'
import { networkForTest } from './support/network.ts'

/**
 * A failure tells its seed and path; `SEED=1 RUN_PATH=2:3 npx vitest run test/network-order.test.ts` repeats it, and
 * `RUNS=1000` tries more.
 */
const { SEED, RUN_PATH, RUNS = '40' } = process.env
const replay = { ...(SEED && { seed: Number(SEED) }), ...(RUN_PATH && { path: RUN_PATH }) }

const ways = networkForTest()

const way = fc.constantFrom('toServer' as const, 'toClient' as const)
const step = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('send' as const), way, bytes: fc.integer({ min: 1, max: 1500 }) }),
  },
  fc.record({ do: fc.constant('delay' as const), way, to: fc.constantFrom(0, 1, 3, 7) }),
  fc.record({
    do: fc.constant('bandwidth' as const),
    way,
    to: fc.constantFrom(undefined, 60_000, 1_000_000),
  }),
  fc.record({ do: fc.constantFrom('hold' as const, 'letGo' as const), way }),
  fc.record({ do: fc.constantFrom('blackhole' as const, 'heal' as const, 'freeze' as const) }),
  fc.record({ do: fc.constant('thaw' as const), lateBy: fc.constantFrom(0, 2, 5) }),
  fc.record({ do: fc.constant('pause' as const) }),
)

test('whatever the network does meanwhile, everything comes, once and in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const { client, peer } = await ways.connected()
      const sent = { toServer: '', toClient: '' }
      const { network } = ways
      for (const next of steps) {
        if (next.do === 'send') {
          const text = textOf(sent[next.way].length, next.bytes)
          sent[next.way] += text
          ;(next.way === 'toServer' ? client : peer).send(text)
        } else if (next.do === 'delay') network[next.way].delay = next.to
        else if (next.do === 'bandwidth') network[next.way].bandwidth = next.to
        else if (next.do === 'hold' || next.do === 'letGo') network[next.way][next.do]()
        else if (next.do === 'thaw') network.thaw(next.lateBy)
        else if (next.do === 'pause') await new Promise((resolve) => setTimeout(resolve, 2))
        else network[next.do]()
      }
      client.socket.end()
      peer.socket.end()
      for (const direction of [network.toServer, network.toClient]) direction.bandwidth = undefined
      network.heal()
      network.thaw(1)
      network.toServer.letGo()
      network.toClient.letGo()
      await Promise.all([client.ends('FIN'), peer.ends('FIN')])
      expect({ toServer: peer.received, toClient: client.received }).toEqual(sent)
    }),
    { ...replay, numRuns: Number(RUNS) },
  )
})

/** So that each place has a text of its own. */
function textOf(start: number, length: number): string {
  return Array.from({ length }, (_, index) => String.fromCharCode(33 + ((start + index) % 89))).join('')
}
