import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { OF_CREDENTIALS, todoBy } from '../local/src/doctor/advice.ts'
import { type Given, subjectOf } from '../local/src/doctor/subject.ts'
import { look, PROJECT, stepOf } from './support/diagnosed.ts'

const GIVEN: Given = { url: undefined, iam: false, secret: undefined, ca: undefined, tls: true, proxy: false }
const RDS = 'shop.abc.eu-west-1.rds.amazonaws.com'

beforeEach(() => {
  for (const name of ['DATABASE_URL', 'DB_HOST']) vi.stubEnv(name, undefined)
  vi.stubEnv('AWS_REGION', undefined)
})
afterEach(() => void vi.unstubAllEnvs())

/** What a refusal is answered by on the command line: never by what only a program can say. */
test.each<[what: string, given: Partial<Given>, said: RegExp, todo: RegExp]>([
  ['nothing at all', {}, /^connection: received nothing/, /^say --url mysql:.* or set DATABASE_URL/],
  [
    'a URL of another scheme',
    { url: 'postgres://a@b/c' },
    /^connection: received a URL of another/,
    /^accepted: mysql:\/\/user:password@/,
  ],
  [
    'a password beside --iam',
    { url: `mysql://shop:password@${RDS}/shop`, iam: true },
    /^credentials: received a function beside/,
    /^leave the password out of the URL/,
  ],
  [
    '--iam without a region',
    { url: 'mysql://shop@localhost/shop', iam: true },
    /^iam\.region: received nothing/,
    /^set AWS_REGION, or connect to the endpoint itself/,
  ],
  [
    '--iam without TLS',
    { url: `mysql://shop@${RDS}/shop`, iam: true, tls: false },
    /^credentials: received a token that is sent in clear/,
    /^leave --no-tls out for an RDS endpoint/,
  ],
  [
    '--iam without a user',
    { url: `mysql://${RDS}/shop`, iam: true },
    /user: received nothing/,
    /^name the user in the URL, or set DB_USER$/,
  ],
])('%s', async (_, given, said, todo) => {
  const steps = await look(subjectOf(PROJECT, { ...GIVEN, ...given }, {}))
  const step = stepOf(steps, 'target')
  expect(step.verdict).toBe('fault')
  expect(step.said).toMatch(said)
  expect(step.todo).toMatch(todo)
})

test.each([
  ['iam()', 'Region is missing', 'set AWS_REGION'],
  [
    'iam()',
    'Could not load credentials from any providers',
    /^look at where this shell's AWS keys come from/,
  ],
  [
    'secret()',
    'the secret a could not be read: no answer in 5000 ms',
    /NAT gateway or an interface endpoint$/,
  ],
  ['secret()', 'the secret a could not be read: TokenError: The SSO session has expired', /aws sso login/],
])('%s that fails with "%s" is told what that takes', (kind, words, todo) => {
  expect(todoBy(OF_CREDENTIALS[kind] ?? [], words)).toMatch(todo)
})
