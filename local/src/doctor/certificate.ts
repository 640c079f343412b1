import { isIP } from 'node:net'
import { checkServerIdentity, type DetailedPeerCertificate, type PeerCertificate } from 'node:tls'

/** What is shown of a certificate. */
export interface Certificate {
  readonly subject: string
  readonly issuer: string
  /** Such as `localhost` and `127.0.0.1`; those of the first one are what the host is looked for in. */
  readonly names: readonly string[]
  /** ISO dates. */
  readonly from: string
  readonly until: string
}

/** RDS renews a server's certificate by itself well before that; whoever does it by hand may need as long. Days. */
const NOTICE = 30
const DAY = 86_400_000

/** The server's own first, its authorities behind it, as far as they are known. */
export function chainOf(peer: PeerCertificate): Certificate[] {
  const chain: Certificate[] = []
  const seen = new Set<string>()
  let next: PeerCertificate | undefined = peer
  while (next?.fingerprint256 && !seen.has(next.fingerprint256)) {
    seen.add(next.fingerprint256)
    chain.push(shown(next))
    next = (next as DetailedPeerCertificate).issuerCertificate
  }
  return chain
}

/** The server's own in one clause. */
export function describe(chain: readonly Certificate[]): string {
  const [own] = chain
  if (!own) return 'without a certificate'
  const by = own.subject === own.issuer ? 'signed by itself' : `signed by ${own.issuer}`
  return `certificate for ${own.names.join(', ') || own.subject}, ${by}, valid until ${day(own.until)}`
}

/** What is wrong by the certificates' own words, whoever is trusted: the first refusal names one thing only. */
export function flawsOf(chain: readonly Certificate[], host: string, now: number): string[] {
  const dated = chain.flatMap(({ subject, from, until }) => {
    if (now > Date.parse(until)) return [`${subject} has expired on ${day(until)}`]
    return now < Date.parse(from) ? [`${subject} is valid only from ${day(from)} on`] : []
  })
  const { names = [] } = chain[0] ?? {}
  return isNamed(host, names) ? dated : [...dated, `${host} is none of its names`]
}

/** The first of the chain to expire, where that is soon. */
export function soonOver(chain: readonly Certificate[], now: number): string | undefined {
  const [first] = [...chain].sort((a, b) => Date.parse(a.until) - Date.parse(b.until))
  if (!first) return undefined
  const days = Math.floor((Date.parse(first.until) - now) / DAY)
  if (days >= NOTICE) return undefined
  return `${first.subject} expires in ${days} ${days === 1 ? 'day' : 'days'}`
}

function isNamed(host: string, names: readonly string[]): boolean {
  const subjectaltname = names.map((name) => `${isIP(name) ? 'IP Address' : 'DNS'}:${name}`).join(', ')
  return (
    checkServerIdentity(host, { subject: {}, subjectaltname } as unknown as PeerCertificate) === undefined
  )
}

function shown({ subject, issuer, subjectaltname = '', valid_from, valid_to }: PeerCertificate): Certificate {
  return {
    subject: nameOf(subject),
    issuer: nameOf(issuer),
    names: [...subjectaltname.matchAll(/(?:DNS|IP Address):([^,]+)/g)].map(([, name]) => String(name)),
    from: new Date(valid_from).toISOString(),
    until: new Date(valid_to).toISOString(),
  }
}

function nameOf(who: { CN?: string | string[]; O?: string | string[] } | undefined): string {
  return [who?.CN ?? who?.O ?? 'no name'].flat().join(', ')
}

function day(date: string): string {
  return date.slice(0, 10)
}
