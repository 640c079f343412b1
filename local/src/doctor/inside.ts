import { rounded } from './address.ts'
import type { Examination } from './examination.ts'
import { count, type Finding, inMs, ok, together, warning } from './finding.ts'

/** Of max_connections: above it a deployment, which runs old and new containers side by side, or a burst may find none left. */
const MUCH = 0.8
/**
 * Milliseconds. Between the zones of one AWS Region it is single-digit milliseconds (AWS, Regions and Availability Zones): more is
 * another Region, a VPN, or a machine outside.
 */
const FAR = 10
/** Seconds. Less than a client that waits for another service, or a debugger, may need. */
const SHORT = 60
/** How often it is measured: one more than the middle, so that the median is one of them. */
const ROUND_TRIPS = 7

export async function lookAtVersion({ server }: Examination): Promise<Finding> {
  const [row] = await server.rows('SELECT VERSION() AS version')
  const version = String(row?.version)
  const { aurora_version: aurora } = await server.variables('GLOBAL', 'aurora_version')
  const name = /mariadb/i.test(version) ? 'MariaDB' : 'MySQL'
  const said = `${name} ${version}${aurora === undefined ? '' : `, Aurora ${aurora}`}`
  const facts = { version, product: name, aurora }
  if (name === 'MySQL' && Number.parseFloat(version) < 8)
    return warning(
      `${said}, which Oracle supports no more`,
      'upgrade to a line with long-term support',
      facts,
    )
  return ok(said, facts)
}

/** How many connections there are, and what is left for containers. */
export async function lookAtConnections({ server, settings, target }: Examination): Promise<Finding> {
  const { max_connections: limit } = await server.variables('GLOBAL', 'max_connections')
  const { threads_connected: now, max_used_connections: peak } = await server.status(
    'Threads_connected',
    'Max_used_connections',
  )
  const [max, used, most] = [Number(limit), Number(now), Number(peak)]
  // 0 is no limit of this kind.
  const ofUser =
    Number((await server.variables('SESSION', 'max_user_connections')).max_user_connections) || max
  // Containers behind a proxy take none of these for themselves.
  const room = target.proxied ? null : Math.floor(Math.min(max - used, ofUser) / settings.connectionLimit)
  const facts = { max, used, most, maxOfUser: ofUser, room, connectionLimit: settings.connectionLimit }
  const left =
    room === null
      ? ''
      : `; room for ${count(Math.max(0, room), 'more container')} of ${settings.connectionLimit}`
  const said = `${used} of ${max} in use, at most ${most} since the server started${left}`
  const todo =
    'close what is not needed, lower connectionLimit or reserved concurrency, raise max_connections, or put RDS Proxy between'
  if (used > max * MUCH || (room !== null && room < 1)) return warning(said, todo, facts)
  if (most >= max) return warning(`${said}; all were taken at a time`, todo, facts)
  return ok(said, facts)
}

/** For how long the server keeps a session that it hears nothing from, seconds. */
export async function lookAtWaitTimeout({ server }: Examination): Promise<Finding> {
  const global = Number((await server.variables('GLOBAL', 'wait_timeout')).wait_timeout)
  const session = Number((await server.variables('SESSION', 'wait_timeout')).wait_timeout)
  const facts = { server: global, session }
  const said = `${session} s for the pool's sessions, ${global} s for others`
  if (session >= SHORT && global >= SHORT) return ok(said, facts)
  const whose = session < SHORT ? 'the pool and whoever else connects' : 'whoever else connects'
  return warning(
    `${said}: ${whose} loses a connection that is idle for so long`,
    'raise wait_timeout at the server',
    facts,
  )
}

export async function lookAtReadOnly({ server, subject, project }: Examination): Promise<Finding> {
  const { warmpool } = project
  const [row] = await server.rows(warmpool.WHAT_IT_IS)
  const readOnly = warmpool.readOnly(row)
  if (subject.reader) return asReader(readOnly)
  if (!readOnly) return ok('takes writes', { readOnly })
  return warning(
    'the server is read-only: a reader, or a writer that is one no more',
    "for writing, look at which server is the writer (a cluster's own name leads to it)",
    { readOnly },
  )
}

/** Nothing that is read is wrong then, but the writer is spared nothing. */
function asReader(readOnly: boolean): Finding {
  if (readOnly) return ok('read-only, as a reader is', { readOnly })
  return warning(
    'the server takes writes: it is no replica, or the writer stands in where there is none',
    "look at where the reader's name leads, and whether there is a replica",
    { readOnly },
  )
}

/** The median of a few statements that ask for nothing, after one that warms up. */
export async function lookAtRoundTrip({ server }: Examination): Promise<Finding> {
  const times: number[] = []
  for (let turn = 0; turn <= ROUND_TRIPS; turn++) {
    const started = performance.now()
    await server.ask('DO 0')
    times.push(performance.now() - started)
  }
  return judgeRoundTrips(times.slice(1))
}

/** @param times an odd number of them, milliseconds */
export function judgeRoundTrips(times: readonly number[]): Finding {
  const sorted = [...times].sort((a, b) => a - b)
  const median = sorted[(sorted.length - 1) / 2] as number
  const facts = { ms: rounded(median), all: sorted.map(rounded) }
  const said = `${inMs(median)} for a statement, there and back`
  if (median <= FAR) return ok(said, facts)
  return warning(
    `${said}: more than between the zones of a Region`,
    'run it where the function runs; look at the Region of both, and at VPNs and tunnels between',
    facts,
  )
}

/** The session's number in the greeting is its own only where nobody in between shares sessions out. */
export async function lookAtProxy({ server, target }: Examination): Promise<Finding> {
  const [row] = await server.rows('SELECT CONNECTION_ID() AS id')
  const [greeted, own] = [server.greeted, Number(row?.id)]
  // The greeting has no room for more.
  const shared = own % 2 ** 32 !== greeted
  const facts = { byOptions: target.proxied, byBehaviour: shared }
  if (shared && target.proxied)
    return ok('through a proxy that shares sessions out, and the pool knows', facts)
  if (shared)
    return warning(
      'something between shares sessions out, and the pool does not know',
      'connect to its endpoint itself where that is RDS Proxy: TLS verifies the name that is connected to, and its certificate has no other; for another proxy say proxy: true (or --proxy)',
      facts,
    )
  if (target.proxied)
    return warning(
      'the pool takes it for RDS Proxy, but a server itself answers',
      'leave proxy: true away where there is none: prepared statements and cheap cleaning are given up for it',
      facts,
    )
  return ok('none: the server itself answers', facts)
}

/** What the database stores when nothing else is said, and what the connection speaks. */
export async function lookAtCharacterSet({ server, target }: Examination): Promise<Finding> {
  const session = await server.variables('SESSION', 'character_set_connection', 'character_set_database')
  const { character_set_connection: connection, character_set_database: database } = session
  const facts = { connection, database }
  const spoken = ok(`the connection speaks ${connection}`, facts)
  if (target.database === undefined || database === 'utf8mb4')
    return target.database === undefined
      ? spoken
      : together([spoken, ok(`new tables of ${target.database} have ${database}`)])
  return together([
    spoken,
    warning(
      `new tables of ${target.database} have ${database}, which holds not every character`,
      `ALTER DATABASE ${target.database} CHARACTER SET utf8mb4, and the tables that are there`,
    ),
  ])
}
