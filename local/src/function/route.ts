/** Where a server is. */
export interface Address {
  readonly host: string
  readonly port: number
}

const MYSQL_PORT = 3306
const THIS_MACHINE = new Set(['localhost', '127.0.0.1', '::1', '[::1]'])

/**
 * Whether connections to that host can be led another way: not where TLS is on by the host's name, and checks it, as it is
 * on RDS.
 */
export function canBeRouted({ host }: Address): boolean {
  return !host.endsWith('.rds.amazonaws.com')
}

/**
 * The environment in which a function finds its database by way of `port` of this machine: `mysql://` URLs, and `DB_PORT` (or
 * any other `…PORT`) where `DB_HOST` names the database's host. Where nothing names the database, DATABASE_URL is added.
 *
 * `localhost` stays `localhost`, so that a certificate is checked against the name that it is for.
 */
export function routed(
  env: Readonly<Record<string, string>>,
  database: Address & { readonly url: string },
  port: number,
): Record<string, string> {
  const changes = [...Object.entries(env)].flatMap(([name, value]) => [
    ...routedUrl(name, value, database, port),
    ...routedHost(name, value, env, database, port),
  ])
  const named = changes.length > 0 || 'DATABASE_URL' in env
  const added = named ? [] : [['DATABASE_URL', byWayOf(new URL(database.url), port)]]
  return { ...env, ...Object.fromEntries([...changes, ...added]) }
}

type Change = readonly [name: string, value: string]

function routedUrl(name: string, value: string, database: Address, port: number): Change[] {
  if (!/^mysql\w*:\/\//.test(value) || !URL.canParse(value)) return []
  const url = new URL(value)
  const there = { host: url.hostname, port: Number(url.port || MYSQL_PORT) }
  return isSame(there, database) ? [[name, byWayOf(url, port)]] : []
}

function routedHost(
  name: string,
  host: string,
  env: Readonly<Record<string, string>>,
  database: Address,
  port: number,
): Change[] {
  const [, prefix] = /^(.*)HOST(?:NAME)?$/.exec(name) ?? []
  if (prefix === undefined) return []
  const portName = `${prefix}PORT`
  if (!isSame({ host, port: Number(env[portName] ?? MYSQL_PORT) }, database)) return []
  return [
    [name, hostHere(host)],
    [portName, String(port)],
  ]
}

function isSame(one: Address, other: Address): boolean {
  const sameHost = one.host === other.host || (THIS_MACHINE.has(one.host) && THIS_MACHINE.has(other.host))
  return sameHost && one.port === other.port
}

function byWayOf(url: URL, port: number): string {
  const routed = new URL(url)
  routed.hostname = hostHere(url.hostname)
  routed.port = String(port)
  return routed.href
}

/** The network listens on 127.0.0.1 only. */
function hostHere(host: string): string {
  return host === 'localhost' ? host : '127.0.0.1'
}
