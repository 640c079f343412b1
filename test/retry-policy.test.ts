import { describe, expect, test } from 'vitest'
import { backoff } from '../src/policy/backoff.ts'
import { accessDenied, connectRetryable, type Fault, readOnlyServer } from '../src/policy/faults.ts'

const fault = (errno: number | undefined, code?: string, message = ''): Fault => ({ errno, code, message })

describe('connecting again', () => {
  test.each<[what: string, fault: Fault]>([
    ['too many connections', fault(1040, 'ER_CON_COUNT_ERROR')],
    ['too many for the user', fault(1203, 'ER_TOO_MANY_USER_CONNECTIONS')],
    ["the user's limit", fault(1226, 'ER_USER_LIMIT_REACHED')],
    ['refused', fault(-111, 'ECONNREFUSED')],
    ['reset', fault(-104, 'ECONNRESET')],
    ['closed while writing', fault(-32, 'EPIPE')],
    ['no answer', fault(undefined, 'ETIMEDOUT')],
    ['no route to the host', fault(-113, 'EHOSTUNREACH')],
    ['no route to the network', fault(-101, 'ENETUNREACH')],
    ['the name server is busy', fault(-3001, 'EAI_AGAIN')],
    ['closed in the handshake', fault(undefined, 'PROTOCOL_CONNECTION_LOST')],
    ['the server is shutting down', fault(1053, 'ER_SERVER_SHUTDOWN')],
    ['the socket is not there yet', fault(-2, 'ENOENT')],
  ])('may help: %s', (_, given) => {
    expect(connectRetryable(given)).toBe(true)
  })

  test.each<[what: string, fault: Fault]>([
    ['access denied', fault(1045, 'ER_ACCESS_DENIED_ERROR')],
    ['no such database', fault(1049, 'ER_BAD_DB_ERROR')],
    ['no such host', fault(-3008, 'ENOTFOUND')],
    ['the certificate is of another host', fault(undefined, 'ERR_TLS_CERT_ALTNAME_INVALID')],
    ['the certificate is of nobody we trust', fault(undefined, 'SELF_SIGNED_CERT_IN_CHAIN')],
    ['TLS is not on there', fault(undefined, 'HANDSHAKE_NO_SSL_SUPPORT')],
    ['the server speaks another protocol', fault(1251, 'ER_NOT_SUPPORTED_AUTH_MODE')],
    ['an error that says nothing', fault(undefined, undefined, 'ECONNREFUSED')],
  ])('does not: %s', (_, given) => {
    expect(connectRetryable(given)).toBe(false)
  })
})

test('credentials are asked for again after 1045 only', () => {
  expect(accessDenied(fault(1045))).toBe(true)
  for (const errno of [1044, 1049, 1698, undefined]) expect(accessDenied(fault(errno))).toBe(false)
})

describe('a server that has become read-only', () => {
  const option = (name: string) =>
    `The MySQL server is running with the ${name} option so it cannot execute this`

  test.each<[fault: Fault, inReadOnlyTransaction: boolean, readOnly: boolean]>([
    [fault(1290, '', option('--read-only')), false, true],
    [fault(1290, '', option('--super-read-only')), false, true],
    [fault(1290, '', option('--read_only')), true, true],
    [fault(1290, '', option('--secure-file-priv')), false, false],
    [fault(1290, '', option('--skip-grant-tables')), false, false],
    [fault(1836), false, true],
    [fault(1836), true, true],
    [fault(1792), false, true],
    [fault(1792), true, false],
    [fault(1062, '', 'Duplicate entry "read-only" for key'), false, false],
    [fault(undefined, 'ECONNRESET'), false, false],
  ])('%o, in a read-only transaction: %s', (given, inReadOnlyTransaction, readOnly) => {
    expect(readOnlyServer(given, inReadOnlyTransaction)).toBe(readOnly)
  })
})

describe('the pause between attempts', () => {
  const longest = (attempt: number, waited = 0) => backoff(attempt, waited, () => 1)

  test('its longest doubles up to a cap', () => {
    expect([1, 2, 3, 4, 10].map((attempt) => longest(attempt))).toEqual([100, 200, 400, 400, 400])
    expect(longest(5000)).toBe(400)
  })

  test('whoever has waited longer tries sooner, but in steps of no less than 200 ms', () => {
    expect([0, 1000, 3000, 10_000].map((waited) => longest(8, waited))).toEqual([400, 200, 200, 200])
    for (let attempt = 1; attempt <= 30; attempt++)
      for (let waited = 0; waited < 12_000; waited += 250) {
        const [sooner, later] = [longest(attempt, waited + 250), longest(attempt, waited)]
        expect(sooner).toBeLessThanOrEqual(later)
        expect(sooner).toBeGreaterThanOrEqual(Math.min(200, longest(attempt)))
        expect(later).toBeLessThanOrEqual(400)
      }
  })

  test('it is anything from nothing up to that, evenly', () => {
    expect(backoff(3, 0, () => 0)).toBe(0)
    expect(backoff(3, 0, () => 0.5)).toBe(200)
    const count = 8000
    const pauses = Array.from({ length: count }, () => backoff(3, 0))
    expect(pauses.filter((pause) => pause < 0 || pause >= 400)).toEqual([])
    // A quarter falls into each; by more than a tenth of that off, once in many thousand runs.
    for (const from of [0, 100, 200, 300]) {
      const fallen = pauses.filter((pause) => pause >= from && pause < from + 100).length
      expect(Math.abs(fallen - count / 4)).toBeLessThan(count / 40)
    }
  })
})
