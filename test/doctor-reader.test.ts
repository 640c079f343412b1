import { describe, expect, test } from 'vitest'
import { STEPS, STEPS_OF_READER, type Step } from '../local/src/doctor/diagnose.ts'
import { subjectOfModule } from '../local/src/doctor/subject.ts'
import { createPool, type PoolOptions } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { diagnosed, look, notOk, PROJECT, stepOf } from './support/diagnosed.ts'
import { direct, set, user } from './support/flawed-setups.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()

const ofPool = (steps: readonly Step[]) => steps.filter(({ reader }) => !reader)
const ofReader = (steps: readonly Step[]) => steps.filter(({ reader }) => reader)

/** Another way to the same server. */
async function elsewhere(stack: AsyncDisposableStack): Promise<{ host: string; port: number }> {
  const { port } = stack.use(await TcpProxy.to(server.current))
  return { host: '127.0.0.1', port }
}

async function lookAtExported(options: PoolOptions): Promise<Step[]> {
  const exports = { pool: createPool(options) }
  return look(subjectOfModule(PROJECT, exports, { file: 'database.ts', exportName: undefined }))
}

describe.each([
  ['of options', 'low', diagnosed],
  ['of a pool', 'lower', lookAtExported],
])('the reader %s', (_, name, lookAt) => {
  test('whose name nobody has is a fault, though the pool is well', async () => {
    const steps = await lookAt({
      connection: direct(server.current),
      reader: { connection: { host: 'db-ro.invalid' } },
    })
    expect(steps.map(({ step }) => step)).toEqual([...STEPS, ...STEPS_OF_READER])
    expect(notOk(ofPool(steps))).toEqual([])
    expect(stepOf(steps, 'target', true).said).toMatch(/^db-ro\.invalid:\d+\/warmpool, .*, its reader\)$/)
    expect(stepOf(steps, 'dns', true)).toMatchObject({ verdict: 'fault', said: 'no host has this name' })
    expect(stepOf(steps, 'tls', true).said).toBe('not looked at, because of the fault in dns')
  })

  test('is asked for itself, and nothing of the look is left', async () => {
    await using stack = new AsyncDisposableStack()
    const { port } = await elsewhere(stack)
    const connection = { port, ...(await user(server.current, name, 'SELECT ON warmpool.*')) }
    await set(server.current, stack, 'read_only', 1)
    const steps = await lookAt({
      connection: direct(server.current),
      reader: { connection, connectionLimit: 9 },
    })
    expect(notOk(ofPool(steps))).toEqual([['read_only', 'warning']])
    expect(notOk(ofReader(steps))).toEqual([])
    expect(stepOf(steps, 'read_only', true).said).toBe('read-only, as a reader is')
    expect(stepOf(steps, 'privileges', true).said).toBe('SELECT on warmpool')
    expect(stepOf(steps, 'authentication', true).said).toMatch(`let in as ${name}`)
    const { connectionLimit } = stepOf(steps, 'connections', true).facts
    expect(connectionLimit).toBe(9)
    expect(await server.current.connections()).toEqual([])
    const left = () =>
      server.current.query('SELECT id FROM information_schema.processlist WHERE user = ?', [name])
    await expect.poll(left, { timeout: 3000 }).toEqual([]) // what is between takes a moment to pass it on
  })
})

test('a reader that takes writes is a warning', async () => {
  await using stack = new AsyncDisposableStack()
  const steps = await diagnosed({
    connection: direct(server.current),
    reader: { connection: await elsewhere(stack) },
  })
  expect(notOk(ofPool(steps))).toEqual([])
  expect(notOk(ofReader(steps))).toEqual([['read_only', 'warning']])
})

test('a reader that is refused is a fault where it is looked at, and the pool is looked at all the same', async () => {
  const steps = await diagnosed({
    connection: direct(server.current),
    reader: {
      connection: { host: 'db-ro.example' },
      credentials: Object.assign(async () => ({ password: 'a token' }), { cleartext: true }),
    },
  })
  expect(notOk(ofPool(steps))).toEqual([])
  expect(stepOf(steps, 'target', true)).toMatchObject({
    verdict: 'fault',
    said: 'credentials: received a token that is sent in clear, without TLS',
  })
})

test('a password of the reader is not passed on where its server repeats it', async () => {
  await using stack = new AsyncDisposableStack()
  const credentials = async () => ({ user: 'open sesame', password: 'open sesame' })
  const steps = await diagnosed({
    connection: direct(server.current),
    reader: { connection: await elsewhere(stack), credentials },
  })
  expect(stepOf(steps, 'authentication', true).facts.words).toMatch(/^Access denied for user '\*\*\*'@/)
})

test('a reader where the pool is, as whom it is, is the pool', async () => {
  const connection = direct(server.current)
  const steps = await diagnosed({ connection, reader: { connection: { host: connection.host } } })
  expect(steps.map(({ step }) => step)).toEqual(STEPS)
})
