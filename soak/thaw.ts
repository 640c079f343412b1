import type { Database, RuntimeName } from 'warmpool-local'
import { GuardedDirectory } from '../local/src/database/guarded-directory.ts'
import { seededDatabase } from '../scripts/seeded-database.ts'
import { serverName } from '../scripts/server-view.ts'
import { bundleClients, CLIENTS, type Client, runtimesHere } from './clients.ts'
import type { Outcome, SoakOptions } from './soak.ts'
import { type Counts, soakCycles } from './thaw/cycles.ts'
import { brokenBy, type Played, tableOf } from './thaw/played.ts'
import { silences } from './thaw/silence.ts'

export const title =
  'A container is frozen, its connections die or not, it is thawed: under each runtime, with one connection and with two'

/** warmpool plays all cycles. mysql2's pool, which is known to fail, a tenth of them, and no more than so many. */
const MOST_BESIDE = 1000
/** For so many cycles there is one in which connections fall silent, which takes half a second. */
const CYCLES_TO_SILENCE = 50
/** Silences of mysql2's pool: in each it hangs until Lambda ends its container. */
const SILENT_BESIDE = 2

export async function run(options: SoakOptions): Promise<Outcome> {
  await using directory = new GuardedDirectory()
  const handlers = await bundleClients('thaw', directory.path)
  const runtimes = runtimesHere(options.log)
  const played = await Promise.all(runtimes.map((runtime) => underRuntime(runtime, handlers, options)))
  return { table: tableOf(played.flat()), broken: played.flat().flatMap(brokenBy) }
}

/** Before a server of its own, so that all connections there can be killed. */
async function underRuntime(
  runtime: RuntimeName,
  handlers: Record<Client, string>,
  options: SoakOptions,
): Promise<Played[]> {
  await using database = await seededDatabase()
  options.log(`${runtime}: ${serverName(database)}`)
  const { cycles } = options
  const silent = Math.ceil(cycles / CYCLES_TO_SILENCE)
  const shares: Record<Client, Share> = {
    warmpool: { cycles, silences: silent, connects: silent },
    mysql2: {
      cycles: Math.min(MOST_BESIDE, Math.ceil(cycles / 10)),
      silences: Math.min(SILENT_BESIDE, silent),
      connects: 0,
    },
  }
  const played: Played[] = []
  for (const client of CLIENTS)
    played.push(await play({ client, runtime, handler: handlers[client], database }, shares[client], options))
  return played
}

interface Player {
  readonly client: Client
  readonly runtime: RuntimeName
  readonly handler: string
  readonly database: Database
}

interface Share {
  readonly cycles: number
  readonly silences: number
  readonly connects: number
}

async function play(player: Player, share: Share, { seed, signal, log }: SoakOptions): Promise<Played> {
  const who = `${player.client}, ${player.runtime}`
  const enough = () => signal?.aborted ?? false
  const tell = (line: string) => log(`${who}: ${line}`)
  const failed = (what: string) => player.client === 'warmpool' && tell(`failed: ${what}`)
  const cycles: Counts = await soakCycles({ ...player, failed }, { seed, times: share.cycles, enough, tell })
  const silent = await silences(
    { ...player, failed },
    { times: share.silences, connects: share.connects, enough },
  )
  tell(`${silent.times} silences, ${silent.failed} failed`)
  return { who, client: player.client, cycles, silences: silent }
}
