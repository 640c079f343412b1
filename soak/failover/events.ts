import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { Cluster } from './cluster.ts'

/** What happens while invocations go on. When it resolves, the name leads to a server that takes writes. */
interface Happening {
  /** How often it is drawn, beside the others. Those that take long are rare. */
  readonly weight: number
  happen(cluster: Cluster, times: Times): Promise<void>
}

export interface Times {
  /** Between the steps of a swap, milliseconds. */
  readonly step: number
  /** How long the network is cut off, milliseconds. */
  readonly partition: number
}

export const EVENTS = {
  'the connections are killed': {
    weight: 20,
    happen: async ({ writer }) => {
      await writer.killConnections()
    },
  },
  'writer and reader swap': {
    weight: 40,
    happen: async (cluster, { step }) => {
      await cluster.demote()
      await cluster.writer.killConnections()
      await sleep(step)
      await cluster.promote()
      await sleep(step)
      cluster.moveName()
    },
  },
  'the writer is demoted, its connections stay': {
    weight: 30,
    happen: async (cluster) => {
      await cluster.demote()
      await cluster.promote()
      cluster.moveName()
    },
  },
  'the server is restarted': {
    weight: 5,
    happen: ({ writer }) => writer.restart(),
  },
  'the server is killed, and started again': {
    weight: 4,
    happen: async ({ writer }) => {
      await writer.kill()
      await writer.start()
    },
  },
  'nothing gets through for 10 s': {
    weight: 1,
    happen: async ({ network }, { partition }) => {
      network.blackhole()
      await sleep(partition)
      network.heal()
    },
  },
} satisfies Record<string, Happening>

export type EventName = keyof typeof EVENTS

export const EVENT_NAMES = Object.keys(EVENTS) as EventName[]

/** One event, and how long each step of it takes, milliseconds. */
export interface Drawn {
  readonly name: EventName
  readonly step: number
}

/** Of one seed always the same. */
export function drawn(seed: number, count: number): Drawn[] {
  const names = EVENT_NAMES.map((name) => ({ weight: EVENTS[name].weight, arbitrary: fc.constant(name) }))
  const one = fc.record({ name: fc.oneof(...names), step: fc.integer({ min: 0, max: 200 }) })
  return fc.sample(one, { seed, numRuns: count })
}
