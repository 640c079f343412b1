import dns, { type LookupAddress } from 'node:dns'
import { BlockList, connect, isIP, type Socket } from 'node:net'
import type { Examination } from './examination.ts'
import { type Finding, inMs, ok } from './finding.ts'
import { inTime } from './in-time.ts'
import { silent, type Target, type Trouble } from './project.ts'

/** RFC 1918 and 6598, RFC 4193, link-local addresses; a VPC may have others too. */
const PRIVATE = new BlockList()
for (const [network, bits, family] of [
  ['10.0.0.0', 8, 'ipv4'],
  ['172.16.0.0', 12, 'ipv4'],
  ['192.168.0.0', 16, 'ipv4'],
  ['100.64.0.0', 10, 'ipv4'],
  ['169.254.0.0', 16, 'ipv4'],
  ['fc00::', 7, 'ipv6'],
  ['fe80::', 10, 'ipv6'],
] as const)
  PRIVATE.addSubnet(network, bits, family)
const LOOPBACK = new BlockList()
LOOPBACK.addSubnet('127.0.0.0', 8, 'ipv4')
LOOPBACK.addAddress('::1', 'ipv6')

export type Reach = 'this machine' | 'private' | 'public'

export function reachOf(address: string): Reach {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  if (LOOPBACK.check(address, family)) return 'this machine'
  return PRIVATE.check(address, family) ? 'private' : 'public'
}

/** All addresses that the name stands for. */
export async function lookAtName(examination: Examination): Promise<Finding> {
  const { target, limit } = examination
  const { host, socketPath } = target
  if (socketPath !== undefined) return ok('a socket of this machine, which has no name', { addresses: [] })
  if (ownStream(target)) return ok("a stream of the program's own, which has no name", { addresses: [] })
  const found = await lookup(host, limit)
  if ('message' in found) return examination.trouble(found)
  const addresses = found.map(({ address }) => ({ address, reach: reachOf(address) }))
  return ok(addresses.map(({ address, reach }) => `${address} (${reach})`).join(', '), { addresses })
}

/** Opens a connection, and says nothing on it. */
export async function lookAtPort(examination: Examination): Promise<Finding> {
  const { target, limit } = examination
  const started = performance.now()
  const opened = await dial(target, limit)
  if ('message' in opened) return examination.trouble(opened)
  examination.socket = opened
  const took = performance.now() - started
  examination.slowest = took
  const { remoteAddress: address } = opened
  const where =
    target.socketPath ?? (address === undefined ? 'the stream' : `${address}, port ${target.port}`)
  return ok(`${where} takes connections (${inMs(took)})`, { address, ms: rounded(took) })
}

/** @param limit milliseconds */
export async function dial(target: Target, limit: number): Promise<Socket | Trouble> {
  const { host, port, socketPath } = target
  const own = ownStream(target)
  const socket = own ? own() : socketPath === undefined ? connect({ host, port }) : connect(socketPath)
  const { promise, resolve } = Promise.withResolvers<Socket | Trouble>()
  socket.once('connect', () => resolve(socket))
  socket.on('error', (error: NodeJS.ErrnoException) => resolve(troubleOf(error)))
  if (!socket.connecting) resolve(socket)
  const opened = await inTime(promise, limit, silent('dialling'))
  if (opened !== socket) socket.destroy()
  return opened
}

/** Node tries all addresses of a name, and has one error for them, without a message. */
function troubleOf(error: NodeJS.ErrnoException & { errors?: Error[] }): Trouble {
  const message = error.message || (error.errors ?? []).map((each) => each.message).join(', ')
  return { code: error.code, message, stage: 'dialling' }
}

function ownStream({ driver }: Target): (() => Socket) | undefined {
  return typeof driver.stream === 'function' ? (driver.stream as () => Socket) : undefined
}

/** In the way that a socket does it, so that /etc/hosts counts. */
function lookup(host: string, limit: number): Promise<LookupAddress[] | Trouble> {
  const answer = new Promise<LookupAddress[] | Trouble>((resolve) => {
    dns.lookup(host, { all: true }, (error, addresses) =>
      resolve(error ? { code: String(error.code), message: error.message, stage: 'resolving' } : addresses),
    )
  })
  return inTime(answer, limit, silent('resolving'))
}

export function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 100) / 100
}
