import { createHash, createHmac } from 'node:crypto'
import { appendFileSync, readFileSync } from 'node:fs'

/** Who may come in, as AWS knows it. */
export interface Expected {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
  readonly host: string
  readonly port: number
  /** By how much the clock that it goes by is ahead, milliseconds. */
  readonly ahead?: number
  /** Where each verdict is written down, a line each. */
  readonly log: string
}

/** What one handshake came to. */
export interface Verdict {
  readonly user: string
  /** Nothing is wrong with it: it is let in. */
  readonly wrong?: 'form' | 'endpoint' | 'user' | 'key' | 'keys expired' | 'age' | 'signature'
}

/**
 * Judges a token as RDS does: a request for `rds-db:connect`, signed with Signature Version 4 in its query, for this very
 * endpoint and user, at most 900 s old, by keys that are good yet: a test's session token may say until when.
 */
export function judge(token: string, user: string, expected: Expected, now = Date.now()): Verdict {
  const endpoint = `${expected.host}:${expected.port}`
  const url = URL.canParse(`https://${token}`) ? new URL(`https://${token}`) : undefined
  const query = url?.searchParams
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(query?.get('X-Amz-Date') ?? '')?.map(Number) ?? []
  if (!query || year === undefined || query.get('Action') !== 'connect') return { user, wrong: 'form' }
  if (!token.startsWith(`${endpoint}/?`)) return { user, wrong: 'endpoint' }
  if (query.get('DBUser') !== user) return { user, wrong: 'user' }
  const scope = `${query.get('X-Amz-Date')?.slice(0, 8)}/${expected.region}/rds-db/aws4_request`
  if (query.get('X-Amz-Credential') !== `${expected.accessKeyId}/${scope}`) return { user, wrong: 'key' }
  const [, until] = /until-(\d+)/.exec(query.get('X-Amz-Security-Token') ?? '') ?? []
  if (until !== undefined && Number(until) <= now) return { user, wrong: 'keys expired' }
  const made = Date.UTC(year, Number(month) - 1, day, hour, minute, second)
  const age = (now - made) / 1000
  if (query.get('X-Amz-Expires') !== '900' || age > 900 || age < -60) return { user, wrong: 'age' }
  return query.get('X-Amz-Signature') === signature(query, endpoint, scope, expected)
    ? { user }
    : { user, wrong: 'signature' }
}

function signature(query: URLSearchParams, endpoint: string, scope: string, expected: Expected): string {
  const canonicalQuery = [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map((pair) => pair.map(encodeURIComponent).join('='))
    .sort()
    .join('&')
  const request = ['GET', '/', canonicalQuery, `host:${endpoint}\n`, 'host', sha256('')].join('\n')
  const text = ['AWS4-HMAC-SHA256', query.get('X-Amz-Date'), scope, sha256(request)].join('\n')
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${expected.secretAccessKey}`)
  return hmac(key, text).toString('hex')
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

// As PAM runs it: the user in the environment, the token on standard input, the verdict as the exit code.
if (process.env.PAM_USER !== undefined && process.argv[2] !== undefined) {
  const expected: Expected = JSON.parse(readFileSync(process.argv[2], 'utf8'))
  const token = readFileSync(0, 'utf8').replace(/\0+$/, '')
  const verdict = judge(token, process.env.PAM_USER, expected, Date.now() + (expected.ahead ?? 0))
  appendFileSync(expected.log, `${JSON.stringify(verdict)}\n`)
  process.exitCode = verdict.wrong ? 1 : 0
}
