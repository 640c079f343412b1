import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { connectTrouble, hadNoTime, moreTelling } from '../src/policy/connect-trouble.ts'
import { connectRetryable, type Fault } from '../src/policy/faults.ts'

const tls = (message: string): Fault => ({ code: 'HANDSHAKE_SSL_ERROR', message })

/** What no server here says by itself; for the others there are tests with real ones. */
test.each<[fault: Fault, sentence: RegExp]>([
  [{ errno: 1129, message: 'Host is blocked' }, /refuses this host .*FLUSH HOSTS/],
  [{ errno: 1130, message: 'Host is not allowed' }, /no connections from this address; look at the hosts/],
  [{ errno: 3159, message: 'insecure transport' }, /demands TLS; look at tls$/],
  [{ code: 'EAI_AGAIN', message: 'getaddrinfo EAI_AGAIN' }, /name server gave no answer; look at/],
  [{ code: 'EHOSTUNREACH', message: 'x' }, /no way to this host; look at/],
  [{ code: 'ENETUNREACH', message: 'x' }, /no way to this network; look at/],
  [{ code: 'EACCES', message: 'x' }, /may not use the socket; look at the rights of socketPath/],
  [{ code: 'READ_ONLY_SERVER', message: 'x' }, /read-only: a failover is under way, or .* the old writer/],
  [{ code: 'ETIMEDOUT', message: 'x', stage: 'dialling' }, /security groups/],
  [{ code: 'EPIPE', message: 'x', stage: 'login' }, /closed the connection in the handshake/],
  [tls('certificate is not yet valid'), /not valid yet; look at its dates/],
  [tls('unable to get local issuer certificate'), /no trusted authority; look at tls\.ca/],
  [tls('unable to verify the first certificate'), /no trusted authority; look at tls\.ca/],
  [tls('wrong version number'), /TLS handshake failed; look at tls/],
  [tls('Client network socket disconnected before secure'), /closed the connection in the handshake/],
  [tls('read ECONNRESET'), /closed the connection in the handshake/],
])('%j', (fault, sentence) => {
  const told = connectTrouble(fault)
  expect(told.sentence).toMatch(sentence)
  expect(told.words).toBe(fault.message)
})

test('docs/connecting.md has a row for each sentence', () => {
  const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')
  const source = read('src/policy/connect-trouble.ts')
  const sentences = [...source.matchAll(/(["'])([^"\n]*?); look at .*?\1/g)].map(([, , sentence]) => sentence)
  const rows = [...read('docs/connecting.md').matchAll(/^\| (.*?) \| .* \| (?:yes|no|once.*) \|$/gm)]
  expect(sentences.length).toBeGreaterThan(25)
  expect(rows.map(([, row]) => row).sort()).toEqual(sentences.sort())
})

test('what is not known is told in its own words, once', () => {
  const fault = { errno: 1193, message: "Unknown system variable 'x'" }
  expect(connectTrouble(fault)).toEqual({ sentence: "Unknown system variable 'x'", words: undefined })
})

test('an attempt that had no time does not hide what the one before it met', () => {
  const refused: Fault = { code: 'ECONNREFUSED', message: 'x' }
  const timeUp: Fault = { code: 'ETIMEDOUT', message: 'x' }
  expect(moreTelling(refused, timeUp, 3)).toBe(refused)
  expect(moreTelling(refused, timeUp, 5000)).toBe(timeUp)
  expect(moreTelling(undefined, timeUp, 3)).toBe(timeUp)
  expect(moreTelling(timeUp, refused, 3)).toBe(refused)
})

test('silence of an attempt that had no time says nothing of the server', () => {
  const timeUp: Fault = { code: 'ETIMEDOUT', message: 'x' }
  expect([0, 19, 20, 500].map((lasted) => hadNoTime(timeUp, lasted))).toEqual([true, true, false, false])
  expect(hadNoTime({ code: 'ECONNREFUSED', message: 'x' }, 0)).toBe(false)
  expect(connectTrouble({ ...timeUp, stage: 'waiting' }).sentence).toMatch(
    /^no time was left to connect; look at/,
  )
})

test('a TLS handshake that was cut can heal, one that was refused cannot', () => {
  expect(connectRetryable(tls('read ECONNRESET'))).toBe(true)
  expect(connectRetryable(tls('certificate has expired'))).toBe(false)
})
