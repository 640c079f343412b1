import { afterEach, expect, test } from 'vitest'
import { clock } from '../src/clock.ts'
import {
  type Credentials,
  type CredentialsRequest,
  createPool,
  type Pool,
  type PoolOptions,
} from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { printed } from './support/printed.ts'
import { keepSecret } from './support/secrets.ts'

const server = databaseForFile()
let pool: Pool
afterEach(() => pool.end({ timeout: 100 }))

function open(credentials: Credentials, options: PoolOptions = {}): Pool {
  const { host, port, user } = server.current
  pool = createPool({ connection: { host, port, user }, credentials, ...options })
  return pool
}

/** The account's password from now on. The test's own is not changed: its user has none of the rights that takes. */
async function rotate(password: string): Promise<void> {
  await server.current.query("CREATE OR REPLACE USER rotated@'%' IDENTIFIED BY ?", [password])
}

test('credentials are asked for once for each handshake, and told where it goes', async () => {
  const { host, port, user, password } = server.current
  const requests: unknown[] = []
  const credentials: Credentials = async (request) => {
    requests.push(request)
    return { password }
  }
  open(credentials)
  await Promise.all([pool.query('SELECT SLEEP(0.05)'), pool.query('SELECT SLEEP(0.05)')])
  for (let i = 0; i < 10; i++) await pool.query('SELECT 1')
  expect(requests).toEqual([
    { host, port, user, renew: false },
    { host, port, user, renew: false },
  ])
})

test('credentials are told when what they gave was refused, and when that was given', async () => {
  await rotate('second')
  const started = clock.now()
  const requests: CredentialsRequest[] = []
  open(async (request) => {
    requests.push(request)
    return { user: 'rotated', password: request.renew ? 'second' : 'first' }
  })
  await pool.query('SELECT 1')
  expect(requests.map(({ renew }) => renew)).toEqual([false, true])
  expect(requests[0]?.newerThan).toBeUndefined()
  expect(requests[1]?.newerThan).toBeGreaterThan(started)
  expect(requests[1]?.newerThan).toBeLessThan(clock.now())
})

test('a password that is rotated between two connections is no error', async () => {
  let password = 'first'
  await rotate(password)
  open(async () => ({ user: 'rotated', password }))
  expect((await pool.query('SELECT CURRENT_USER() AS user'))[0]).toEqual([{ user: 'rotated@%' }])
  password = 'second'
  await rotate(password)
  await server.current.killConnections('rotated')
  await pool.query('SELECT 1')
})

test('a password that is rotated after it was given out is asked for once more', async () => {
  await rotate('second')
  const answers = ['first', 'second']
  open(async () => ({ user: 'rotated', password: String(answers.shift()) }))
  await pool.query('SELECT 1')
  expect(answers).toEqual([])
})

test('a password that stays wrong is asked for twice, and the error says as whom', async () => {
  await rotate('second')
  let asked = 0
  open(async () => ({ user: 'rotated', password: `wrong ${++asked}` }))
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
    message: expect.stringMatching(
      /^cannot connect to 127\.0\.0\.1:\d+ as rotated: .*\(Access denied .*; 2 attempts/,
    ),
    retryable: false,
    outcome: 'not-sent',
    cause: { errno: 1045 },
  })
  expect(asked).toBe(2)
})

test('a failure to get credentials is told with its cause, and not kept', async () => {
  const { password } = server.current
  const cause = new Error('the vault is sealed')
  let sealed = true
  open(async () => {
    if (sealed) throw cause
    return { password }
  })
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CREDENTIALS_FAILED',
    message: 'credentials() failed: the vault is sealed',
    cause,
    outcome: 'not-sent',
  })
  sealed = false
  await pool.query('SELECT 1')
})

/** None is to be seen in an error, whatever is done with it. */
const MISTAKEN = 'correct horse battery staple'
keepSecret(MISTAKEN)
/** Its error shows it as soon as the function of the test is rejected with it, so it is looked for by hand. */
const HOST = 'tr0ub4dor-and-3'
const unreadable = (text: string) => {
  try {
    return JSON.parse(text)
  } catch (cause) {
    // As Powertools' parameters has it.
    throw new Error(`Unable to transform value using 'json' transform: ${(cause as Error).message}`, {
      cause,
    })
  }
}

test.each<[string, () => unknown]>([
  ['a text that is no JSON', () => JSON.parse(MISTAKEN)],
  ['half of a JSON text', () => JSON.parse(`{"password":"${MISTAKEN}`)],
  ['the same in the words of a library', () => unreadable(MISTAKEN)],
  [
    'the same as a cause',
    () => raise(new Error('no secret', { cause: thrownBy(() => JSON.parse(MISTAKEN)) })),
  ],
  [
    'the same among several errors',
    () => raise(new AggregateError([thrownBy(() => JSON.parse(MISTAKEN))], 'no source has it')),
  ],
  [
    'an error that keeps it by a name of its own',
    () =>
      raise(Object.assign(new Error('no secret'), { originalError: thrownBy(() => JSON.parse(MISTAKEN)) })),
  ],
  ['the words alone', () => raise((thrownBy(() => JSON.parse(MISTAKEN)) as Error).message)],
  ['a URL that is none', () => new URL(`mysql://shop:${HOST}@[`)],
])('what could not be parsed is not shown: %s', async (_, fail) => {
  const what = expect.stringMatching(/ failed: \w+( \w+)?; its words are kept back, .* could not be parsed$/)
  open(async () => fail() as never)
  const failure = await pool.query('SELECT 1').catch((error) => error)
  expect(failure).toMatchObject({ code: 'CREDENTIALS_FAILED', message: what })
  expect(failure.cause).toBeUndefined()
  expect(printed(failure)).not.toContain(HOST)

  const other = createPool({ name: 'other', connection: async () => fail() as never })
  const second = await other.query('SELECT 1').catch((error) => error)
  expect(second).toMatchObject({ code: 'CONNECT_FAILED', message: what })
  expect(second.cause).toBeUndefined()
  expect(printed(second)).not.toContain(HOST)
  await other.end()
})

function raise(error: unknown): never {
  throw error
}

function thrownBy(fail: () => unknown): unknown {
  try {
    return fail()
  } catch (error) {
    return error
  }
}

test('credentials that fail when they are read are a failure as any other', async () => {
  const cause = new Error('the vault is sealed')
  open((async () => ({
    get password() {
      throw cause
    },
  })) as unknown as Credentials)
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'CREDENTIALS_FAILED', cause })
})

test('a secret as it is stored is refused, as its username would be lost', async () => {
  open((async () => ({ username: 'shop', password: 'x' })) as unknown as Credentials)
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CREDENTIALS_FAILED',
    message: 'credentials() gave a username, which is not read; accepted: { user?, password }, both texts',
  })
})

test.each([
  ['nothing', undefined],
  ['an object without a password', {}],
  ['a password that is not a text', { password: 42 }],
])('credentials that are %s are refused in one sentence', async (_, answer) => {
  open((async () => answer) as unknown as Credentials)
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CREDENTIALS_FAILED',
    message: expect.stringMatching(/^credentials\(\) gave no password; accepted: \{ user\?, password \}/),
  })
})

test('credentials that never come are waited for no longer than connecting may take', async () => {
  open(() => new Promise(() => {}), { connectTimeout: 100 })
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CREDENTIALS_FAILED',
    message: 'credentials() gave no answer in time',
  })
})

test('credentials that never come do not keep the pool from ending', async () => {
  open(() => new Promise(() => {}))
  const query = expect(pool.query('SELECT 1')).rejects.toMatchObject({ code: 'POOL_ENDED' })
  await pool.end({ timeout: 50 })
  await query
})

test('a connection function is asked again after it failed, or never answered', async () => {
  const { host, port, user, password } = server.current
  const answers = [
    () => Promise.reject(new Error('the vault is sealed')),
    () => new Promise<never>(() => {}),
    async () => ({ host, port, user, password }),
  ]
  pool = createPool({
    name: 'later',
    connection: () => (answers.shift() as (typeof answers)[2])(),
    connectTimeout: 100,
  })
  const failed = (message: string) => ({ code: 'CONNECT_FAILED', message, outcome: 'not-sent' })
  await expect(pool.query('SELECT 1')).rejects.toMatchObject(
    failed('connection() failed: the vault is sealed'),
  )
  await expect(pool.query('SELECT 1')).rejects.toMatchObject(failed('connection() gave no answer in time'))
  await pool.query('SELECT 1')
})
