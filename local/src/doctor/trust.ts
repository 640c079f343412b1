import type { Socket } from 'node:net'
import tls, { type TLSSocket } from 'node:tls'
import { dial, reachOf } from './address.ts'
import { type Certificate, chainOf, describe, flawsOf, soonOver } from './certificate.ts'
import type { Examination } from './examination.ts'
import { type Finding, ok, warning } from './finding.ts'
import { isGreeting, readGreeting, requestTls } from './greeting.ts'
import { inTime } from './in-time.ts'
import { silent, type Target, type Trouble, type Trust } from './project.ts'

/** Whether the connection is encrypted, and by whose word the server is who it should be. No credentials are sent. */
export async function lookAtTrust(examination: Examination): Promise<Finding> {
  const { target, socket, greeting } = examination
  try {
    if (!target.tls) return plain(examination)
    if (!greeting.offersTls)
      return examination.trouble({
        code: 'HANDSHAKE_NO_SSL_SUPPORT',
        message: 'Server does not support secure connection',
      })
    return await encrypted(examination)
  } finally {
    socket.destroy()
  }
}

function plain({ target, socket, greeting: { offersTls } }: Examination): Finding {
  const facts = { tls: false, offered: offersTls }
  const { remoteAddress } = socket
  const here = target.socketPath !== undefined || (remoteAddress && reachOf(remoteAddress) === 'this machine')
  if (here) return ok('no TLS, and no network to protect it from: the server is on this machine', facts)
  const how = offersTls ? 'say tls: { ca } (or --ca FILE): the server offers it' : 'turn TLS on at the server'
  return warning('no TLS: who can listen on the way reads statements and rows', how, facts)
}

async function encrypted(examination: Examination): Promise<Finding> {
  const { target, socket, limit, project } = examination
  const trust = project.warmpool.trustFor(target) ?? {}
  const by = trustedBy(target, trust)
  const secured = await handshake(socket, target, trust, limit)
  if ('message' in secured) return refused(examination, secured, by)
  const chain = chainOf(secured.getPeerCertificate(true))
  const facts = { tls: true, protocol: secured.getProtocol(), trustedBy: by, chain }
  secured.destroy()
  const said = `${facts.protocol}, ${describe(chain)}, trusted by ${by}`
  const soon = soonOver(chain, Date.now())
  if (soon) return warning(`${said}; ${soon}`, 'have it renewed before', facts)
  return ok(said, facts)
}

/** Looks again, without trust and without credentials, for what the certificate says of itself. */
async function refused(examination: Examination, trouble: Trouble, by: string): Promise<Finding> {
  const { target, limit } = examination
  const found = examination.trouble(trouble)
  const chain = await presented(target, limit)
  if (chain.length === 0) return { ...found, facts: { ...found.facts, tls: true, trustedBy: by } }
  const flaws = flawsOf(chain, target.host, Date.now())
  const said = [`${found.said} (${describe(chain)})`, ...flaws].join('; ')
  return { ...found, said, facts: { ...found.facts, tls: true, trustedBy: by, chain } }
}

async function presented(target: Target, limit: number): Promise<Certificate[]> {
  const socket = await dial(target, limit)
  if ('message' in socket) return []
  try {
    if (!isGreeting(await readGreeting(socket, limit))) return []
    const looked = await handshake(socket, target, { rejectUnauthorized: false }, limit)
    return 'message' in looked ? [] : chainOf(looked.getPeerCertificate(true))
  } finally {
    socket.destroy()
  }
}

/** As mysql2 does it: chain and host name are verified, unless it is only to look. */
async function handshake(
  socket: Socket,
  { host }: Target,
  trust: Trust & { rejectUnauthorized?: boolean },
  limit: number,
): Promise<TLSSocket | Trouble> {
  requestTls(socket)
  const { promise, resolve } = Promise.withResolvers<TLSSocket | Trouble>()
  const options = { rejectUnauthorized: true, ...trust, socket, servername: host }
  let secured: TLSSocket
  try {
    secured = tls.connect(options as tls.ConnectionOptions, () => resolve(secured))
  } catch (error) {
    return troubleOf(error as Error) // authorities that are no PEM
  }
  secured.on('error', (error) => resolve(troubleOf(error)))
  const settled = await inTime(promise, limit, silent('login'))
  if (settled !== secured) secured.destroy()
  return settled
}

/** mysql2 gives every error of the handshake this code. */
function troubleOf({ message }: Error): Trouble {
  return { code: 'HANDSHAKE_SSL_ERROR', message }
}

/** Whose authorities count. */
export function trustedBy({ tls: asked }: Pick<Target, 'tls'>, { ca }: Trust): string {
  if (asked && 'ca' in asked && asked.ca !== undefined) return 'tls.ca'
  if (ca !== undefined) return "RDS's authorities and Node's own list"
  return process.env.NODE_EXTRA_CA_CERTS ? "Node's own list and NODE_EXTRA_CA_CERTS" : "Node's own list"
}
