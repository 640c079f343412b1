import { describe, expect, test } from 'vitest'
import { reachOf } from '../local/src/doctor/address.ts'
import { chainOf, flawsOf, soonOver } from '../local/src/doctor/certificate.ts'
import { Examination } from '../local/src/doctor/examination.ts'
import { judgeRoundTrips } from '../local/src/doctor/inside.ts'
import { lookAtEnvironment } from '../local/src/doctor/place.ts'
import { isRole, judge, readGrant } from '../local/src/doctor/privileges.ts'
import { lookAtTrust } from '../local/src/doctor/trust.ts'
import { PROJECT } from './support/diagnosed.ts'

function never(): never {
  throw new Error('not asked here')
}

const NOBODY = { source: '', reader: false, advice: [], settings: never, end: never }

test.each([
  ['127.0.0.1', 'this machine'],
  ['::1', 'this machine'],
  ['10.1.2.3', 'private'],
  ['172.31.255.255', 'private'],
  ['172.32.0.1', 'public'],
  ['192.168.7.7', 'private'],
  ['100.64.1.1', 'private'],
  ['fd00::7', 'private'],
  ['fe80::1', 'private'],
  ['52.95.110.1', 'public'],
  ['2600:1f18::1', 'public'],
])('%s is %s', (address, reach) => {
  expect(reachOf(address)).toBe(reach)
})

test.each([
  [true, 'say tls: { ca } (or --ca FILE): the server offers it'],
  [false, 'turn TLS on at the server'],
])(
  'no TLS on the way to another machine is a warning, also where none is offered (%s)',
  async (offersTls, todo) => {
    const examination = new Examination(PROJECT, NOBODY, 1000)
    const socket = { remoteAddress: '10.0.0.7', destroy() {} }
    Object.assign(examination, { target: { tls: undefined }, socket, greeting: { offersTls } })
    expect(await lookAtTrust(examination)).toMatchObject({
      verdict: 'warning',
      said: 'no TLS: who can listen on the way reads statements and rows',
      todo,
    })
  },
)

test.each([
  ['3.22.0', 'ok'],
  ['3.24.5', 'ok'],
  ['3.21.9', 'warning'],
  ['4.0.0', 'warning'],
])('mysql2 %s is %s for a warmpool that is made for ^3.22.0', async (mysql2, verdict) => {
  const project = { ...PROJECT, versions: { ...PROJECT.versions, mysql2 } }
  const examination = new Examination(project, NOBODY, 1000)
  const found = await lookAtEnvironment(examination)
  expect(found.verdict).toBe(verdict)
  expect(found.todo).toBe(verdict === 'ok' ? undefined : 'npm install mysql2@^3.22.0')
})

test('the way is far above 10 ms, by the median: one that was held up says nothing', () => {
  expect(judgeRoundTrips([1, 900, 2]).said).toBe('2.0 ms for a statement, there and back')
  expect(judgeRoundTrips([9, 10, 300]).verdict).toBe('ok')
  expect(judgeRoundTrips([9, 10.1, 11]).verdict).toBe('warning')
})

describe('rights', () => {
  const judged = (...texts: string[]) =>
    judge(
      texts.flatMap((text) => readGrant(text) ?? []),
      texts.filter(isRole).length,
      'shop_1',
    )

  test.each<[what: string, grants: string[], verdict: string, said: string]>([
    [
      'of MariaDB, which repeats the hash of the password',
      [
        "GRANT USAGE ON *.* TO `shop`@`%` IDENTIFIED BY PASSWORD '*0123456789ABCDEF0123456789ABCDEF01234567'",
        'GRANT ALL PRIVILEGES ON `shop\\_1`.* TO `shop`@`%`',
      ],
      'ok',
      'ALL PRIVILEGES on shop_1',
    ],
    [
      'by a pattern',
      ['GRANT SELECT, INSERT, UPDATE, DELETE, EXECUTE ON `shop%`.* TO `shop`@`%`'],
      'ok',
      'SELECT, INSERT, UPDATE, DELETE, EXECUTE on shop_1',
    ],
    [
      'on another database, for which a backslash makes the difference',
      ['GRANT ALL PRIVILEGES ON `shop\\%`.* TO `shop`@`%`'],
      'warning',
      'no SELECT, INSERT, UPDATE, DELETE on shop_1',
    ],
    [
      'on everything, but no more than on rows',
      ['GRANT SELECT, INSERT, UPDATE, DELETE, DROP ON *.* TO `shop`@`%`'],
      'warning',
      "SELECT, INSERT, UPDATE, DELETE, DROP on mysql.*, too: whoever gets at the function gets at the server's accounts",
    ],
    [
      "on everything but the server's accounts",
      [
        'GRANT SELECT, INSERT, UPDATE, DELETE, CREATE ON *.* TO `shop`@`%`',
        'REVOKE SELECT, INSERT, UPDATE, DELETE ON `mysql`.* FROM `shop`@`%`',
      ],
      'ok',
      'SELECT, INSERT, UPDATE, DELETE, CREATE on shop_1',
    ],
    [
      'under ANSI_QUOTES',
      ['GRANT USAGE ON *.* TO "shop"@"%"', 'GRANT ALL PRIVILEGES ON "shop\\_1".* TO "shop"@"%"'],
      'ok',
      'ALL PRIVILEGES on shop_1',
    ],
    [
      'to give away',
      ['GRANT SELECT ON *.* TO `shop`@`%` WITH GRANT OPTION'],
      'warning',
      'GRANT OPTION on *.*: whoever gets at the function gets at the whole server',
    ],
    [
      'of an administrator on RDS',
      ['GRANT SELECT, INSERT, RELOAD, PROCESS, CREATE USER ON *.* TO `admin`@`%` WITH GRANT OPTION'],
      'warning',
      'RELOAD, PROCESS, CREATE USER, GRANT OPTION on *.*: whoever gets at the function gets at the whole server',
    ],
    [
      'on columns of single tables',
      ['GRANT SELECT (`id`, `name`), UPDATE (`name`) ON `shop_1`.`products` TO `shop`@`%`'],
      'ok',
      'rights on single tables of shop_1',
    ],
    [
      'by a role',
      ['GRANT `rds_superuser_role`@`%` TO `shop`@`%`', 'GRANT USAGE ON *.* TO `shop`@`%`'],
      'ok',
      'nothing of its own on shop_1, and what its roles may',
    ],
    [
      'on everything but a part, with a line for that',
      ['GRANT SELECT ON *.* TO `shop`@`%`', 'REVOKE SELECT ON `mysql`.* FROM `shop`@`%`'],
      'warning',
      'no INSERT, UPDATE, DELETE on shop_1',
    ],
    [
      'of MySQL 8, static and dynamic',
      ['GRANT CONNECTION_ADMIN,SYSTEM_VARIABLES_ADMIN ON *.* TO `shop`@`%`'],
      'warning',
      'CONNECTION_ADMIN, SYSTEM_VARIABLES_ADMIN on *.*: whoever gets at the function gets at the whole server',
    ],
  ])('%s', (_, grants, verdict, said) => {
    expect(judged(...grants)).toMatchObject({ verdict, said })
  })
})

test.each([
  ['SELECT', 'ok', 'SELECT on shop'],
  ['INSERT', 'warning', 'no SELECT on shop'],
])('%s is %s for a reader', (right, verdict, said) => {
  const grant = readGrant(`GRANT ${right} ON \`shop\`.* TO \`report\`@\`%\``)
  const found = judge(grant ? [grant] : [], 0, 'shop', ['SELECT'])
  expect(found).toMatchObject({ verdict, said })
})

describe('a chain', () => {
  const certificate = { subject: 'db.example', issuer: 'authority', names: ['db.example', '*.abc.example'] }
  const good = { ...certificate, from: '2026-01-01T00:00:00.000Z', until: '2027-01-01T00:00:00.000Z' }
  const authority = { ...good, subject: 'authority', names: [], until: '2026-11-30T12:00:00.000Z' }
  const now = Date.parse('2026-11-21T00:00:00.000Z')

  test('is told by the first that expires, the authority included', () => {
    expect(soonOver([good], now)).toBeUndefined()
    expect(soonOver([good, authority], now)).toBe('authority expires in 9 days')
  })

  test('has every flaw told that it has', () => {
    expect(flawsOf([good, authority], 'shop.abc.example', now)).toEqual([])
    expect(flawsOf([good, authority], 'other.example', Date.parse('2026-12-24'))).toEqual([
      'authority has expired on 2026-11-30',
      'other.example is none of its names',
    ])
    expect(flawsOf([good], 'db.example', Date.parse('2025-01-01'))).toEqual([
      'db.example is valid only from 2026-01-01 on',
    ])
  })

  test('ends where a certificate is its own authority', () => {
    const dates = { valid_from: 'Jan  1 00:00:00 2026 GMT', valid_to: 'Jan  1 00:00:00 2027 GMT' }
    const own = { subject: { CN: 'self' }, issuer: { CN: 'self' }, fingerprint256: 'AB', ...dates }
    Object.assign(own, { issuerCertificate: own })
    expect(chainOf(own as never)).toHaveLength(1)
  })
})

test.each(['`the "old" sh.op`', '"the ""old"" sh.op"'])(
  'rights on %s are rights on that database',
  (quoted) => {
    const database = 'the "old" sh.op'
    expect(readGrant(`GRANT SELECT ON ${quoted}.* TO shop`)).toMatchObject({ database, table: '*' })
  },
)
