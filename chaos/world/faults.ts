import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection } from 'mysql2/promise'
import type { Database } from '../../local/src/database/database.ts'
import type { Fault } from '../script/script.ts'
import type { World } from './world.ts'

type Kind = Fault['kind']
type Of<K extends Kind> = Extract<Fault, { kind: K }>

/** What a fault is done to. */
export interface Ground {
  readonly world: World
  /** Signals all of the container's processes; nothing when there is none. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void
  /** Resolves when the invocations that are under way are over. */
  readonly over: Promise<unknown>
}

/** How each is done. Resolves when nothing is left of it. */
const FAULTS: { readonly [K in Kind]: (fault: Of<K>, ground: Ground) => Promise<unknown> } = {
  'kill connections': async (_, { world }) => world.administer((database) => database.killConnections()),
  'kill one connection': async (_, { world }) => world.administer(killOne),
  'kill a statement': async (_, { world }) => world.administer(killStatement),
  'restart the server': async (_, { world }) => world.takeDown((database) => database.restart()),
  'kill -9 the server': async (_, { world }) =>
    world.takeDown(async (database) => {
      await database.kill()
      await database.start()
    }),
  'reset connections': async (_, { world }) => world.network.cut('RST'),
  'close connections': async (_, { world }) => world.network.cut('FIN'),
  'cut in the middle': async ({ bytes, way, how }, { world, over }) => {
    await world.cutAfter(bytes, way, how, over)
  },
  'answer to COMMIT lost': async ({ how }, { world, over }) => {
    if (!(await world.nextCommit(over))) return
    await world.cutAfter(0, 'toClient', how, over)
  },
  'server read-only': async ({ lasts }, { world }) => {
    await world.administer((database) => database.query('SET GLOBAL read_only = ON'))
    await sleep(lasts)
    await world.administer((database) => database.query('SET GLOBAL read_only = OFF'))
  },
  blackhole: async ({ lasts }, { world }) => {
    world.network.blackhole()
    await sleep(lasts)
    world.network.heal()
  },
  'refuse connections': async ({ lasts }, { world }) => {
    await world.network.refuse()
    await sleep(lasts)
    await world.network.accept()
  },
  'too many connections': async ({ lasts }, { world }) => {
    const others = await takeAll(world)
    await sleep(lasts)
    for (const one of others) one.destroy() // the server may have gone meanwhile
  },
  'slow network': async ({ lasts, delay }, { world: { network } }) => {
    network.toServer.delay = network.toClient.delay = delay
    await sleep(lasts)
    network.toServer.delay = network.toClient.delay = 0
    await sleep(delay * 2)
  },
  'narrow network': async ({ lasts, bandwidth }, { world: { network } }) => {
    network.toServer.bandwidth = network.toClient.bandwidth = bandwidth
    await sleep(lasts)
    network.toServer.bandwidth = network.toClient.bandwidth = undefined
    await sleep(20) // the piece that is under way
  },
  'stopped process': async ({ lasts }, { signal }) => {
    signal('SIGSTOP')
    await sleep(lasts)
    signal('SIGCONT')
  },
  // In the container itself, which is told of it with the invocation.
  'clock jump': async (_, { over }) => over,
  // Between the freeze and the invocation: the script's player does it.
  'late news': async () => {},
}

/** Does it; resolves when nothing is left of it, and the container's kernel has heard of what it has done. */
export async function play(fault: Fault, ground: Ground): Promise<void> {
  await (FAULTS[fault.kind] as (fault: Fault, ground: Ground) => Promise<unknown>)(fault, ground)
  await ground.world.delivered()
}

export const FAULT_KINDS = Object.keys(FAULTS) as Kind[]

async function killOne(database: Database): Promise<void> {
  const [victim] = await database.connections()
  if (!victim) return
  await kill(database, `KILL ${victim.Id}`)
  while ((await database.connections()).some(({ Id }) => Id === victim.Id)) await sleep(1)
}

async function killStatement(database: Database): Promise<void> {
  const victim = (await database.connections()).find(({ Command }) => Command !== 'Sleep')
  if (victim) await kill(database, `KILL QUERY ${victim.Id}`)
}

async function kill(database: Database, sql: string): Promise<void> {
  await database.query(sql).catch((error: { code?: string }) => {
    if (error.code !== 'ER_NO_SUCH_THREAD') throw error
  })
}

/** Others have all the connections that there are. */
async function takeAll(world: World): Promise<Connection[]> {
  const { host, port, user, password } = world.database
  const others: Connection[] = []
  try {
    for (;;) {
      const one = await createConnection({ host, port, user, password })
      one.on('error', () => {})
      others.push(one)
    }
  } catch {
    return others
  }
}
