import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createPool, type Pool, type PoolOptions, secret } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { keepSecret } from './support/secrets.ts'
import { SecretsManager } from './support/secrets-manager.ts'

const ID = 'shop/database'
const server = databaseForFile()
let manager: SecretsManager
let pool: Pool
beforeEach(async () => {
  manager = await SecretsManager.start()
  manager.leadSdkHere()
})
afterEach(async () => {
  await pool.end({ timeout: 100 })
  await manager[Symbol.asyncDispose]()
  vi.unstubAllEnvs()
})

function open(options: PoolOptions = {}): Pool {
  const { host, port } = server.current
  pool = createPool({ connection: { host, port }, credentials: secret({ secretId: ID }), ...options })
  return pool
}

/** On the server alone, as the second step of a rotation does it. */
async function setPassword(username: string, password: string): Promise<void> {
  keepSecret(password)
  await server.current.query('CREATE OR REPLACE USER ?@? IDENTIFIED BY ?', [username, '%', password])
}

/** How many the server has of this user. */
async function sessionsOf(username: string): Promise<number> {
  const sql = 'SELECT COUNT(*) AS sessions FROM information_schema.processlist WHERE user = ?'
  const [row] = await server.current.query(sql, [username])
  return Number(row?.sessions)
}

/** In force on the server and in the secret. */
async function account(username: string, password: string): Promise<void> {
  await setPassword(username, password)
  manager.put(ID, { username, password })
}

/** The steps of a rotation up to the one that puts the new secret in force. */
async function beginRotation(username: string, password: string): Promise<void> {
  manager.put(ID, { username, password }, 'AWSPENDING')
  await setPassword(username, password)
}

async function rotate(username: string, password: string): Promise<void> {
  await beginRotation(username, password)
  manager.finishRotation(ID)
}

const whoAmI = async () => (await pool.query('SELECT CURRENT_USER() AS user'))[0][0]?.user
const asked = () => manager.takeAsked().map(({ stage }) => stage)

/** So that the next query needs another handshake. */
async function loseConnections(...users: string[]): Promise<void> {
  for (const user of users) await server.current.killConnections(user)
  await vi.waitFor(() => expect(pool.stats().total).toBe(0))
}

test('a secret is asked for once and kept for as long as it works', async () => {
  await account('single', 'the first password')
  open()
  for (let time = 0; time < 3; time++) {
    expect(await whoAmI()).toBe('single@%')
    await loseConnections('single')
  }
  expect(asked()).toEqual(['AWSCURRENT'])
})

test('the user of the secret goes before the user of the connection', async () => {
  const { host, port, user } = server.current
  await account('single', 'the first password')
  open({ connection: { host, port, user } })
  expect(await whoAmI()).toBe('single@%')
})

test('a rotation of a single user between two invocations is no error in either', async () => {
  await account('single', 'the first password')
  open()
  const handler = pool.wrap(async (_event: object, _context: object) => whoAmI())
  expect(await handler({}, contextFor())).toBe('single@%')
  await rotate('single', 'the second password')
  await loseConnections('single')
  expect(await handler({}, contextFor())).toBe('single@%')
  expect(asked()).toEqual(['AWSCURRENT', 'AWSCURRENT'])

  await loseConnections('single')
  expect(await handler({}, contextFor())).toBe('single@%')
  expect(asked()).toEqual([]) // the new one is kept as the old one was
})

test('in the midst of a rotation, when the server has a password that is not in force yet, the pending one is used', async () => {
  await account('single', 'the first password')
  open()
  await whoAmI()
  await beginRotation('single', 'the second password')
  await loseConnections('single')
  expect(await whoAmI()).toBe('single@%')
  expect(asked()).toEqual(['AWSCURRENT', 'AWSCURRENT', 'AWSPENDING'])

  manager.finishRotation(ID)
  await loseConnections('single')
  expect(await whoAmI()).toBe('single@%')
  expect(asked()).toEqual([])
})

test('a rotation that ends while it is looked at is no error', async () => {
  await account('single', 'the first password')
  open()
  await whoAmI()
  await beginRotation('single', 'the second password')
  await loseConnections('single')
  manager.onAsked = ({ stage }) => stage === 'AWSPENDING' && manager.finishRotation(ID)
  expect(await whoAmI()).toBe('single@%')
  expect(asked()).toEqual(['AWSCURRENT', 'AWSCURRENT', 'AWSPENDING', 'AWSCURRENT'])
})

test('users that take turns: the one before works on, and the other comes in when it does not', async () => {
  await account('shop', 'the first password')
  open()
  expect(await whoAmI()).toBe('shop@%')
  await rotate('shop_clone', 'the second password')
  await loseConnections('shop')
  expect(await whoAmI()).toBe('shop@%')
  expect(asked()).toEqual(['AWSCURRENT'])

  await beginRotation('shop', 'the third password')
  await loseConnections('shop')
  expect(await whoAmI()).toBe('shop_clone@%')
  manager.finishRotation(ID)
  await loseConnections('shop_clone')
  expect(await whoAmI()).toBe('shop_clone@%')
  expect(asked()).toEqual(['AWSCURRENT'])

  await rotate('shop_clone', 'the fourth password')
  await loseConnections('shop_clone')
  expect(await whoAmI()).toBe('shop_clone@%')
  expect(asked()).toEqual(['AWSCURRENT'])
})

test('twenty handshakes ask once, and once more when all of them are refused', async () => {
  await account('single', 'the first password')
  open({ connectionLimit: 20 })
  const all = async () => {
    const connections = await Promise.all(Array.from({ length: 20 }, () => pool.getConnection()))
    for (const connection of connections) connection.release()
  }
  await all()
  expect(await sessionsOf('single')).toBe(20)
  expect(asked()).toEqual(['AWSCURRENT'])

  await rotate('single', 'the second password')
  await loseConnections('single')
  await all()
  expect(await sessionsOf('single')).toBe(20)
  expect(asked()).toEqual(['AWSCURRENT'])
})

test('a password that is wrong in every stage is tried twice and then told, without it', async () => {
  await account('single', 'the first password')
  manager.put(ID, { username: 'single', password: 'a wrong password' })
  open()
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CONNECT_FAILED',
    message: expect.stringMatching(/ as single: the server does not take this user .*; 2 attempts/),
    cause: { errno: 1045 },
  })
  expect(asked()).toEqual(['AWSCURRENT', 'AWSCURRENT', 'AWSPENDING', 'AWSCURRENT'])
})

test('a failure to read it is told and not kept', async () => {
  await account('single', 'the first password')
  open()
  manager.trouble = {
    type: 'AccessDeniedException',
    message: 'not authorized: secretsmanager:GetSecretValue',
  }
  await expect(pool.query('SELECT 1')).rejects.toMatchObject({
    code: 'CREDENTIALS_FAILED',
    message: `the secret ${ID} could not be read: AccessDeniedException: not authorized: secretsmanager:GetSecretValue`,
    outcome: 'not-sent',
    cause: { name: 'AccessDeniedException' },
  })
  manager.trouble = undefined
  expect(await whoAmI()).toBe('single@%')
})

test('a rotated password still stops a statement that runs under the old one', async () => {
  await account('single', 'the first password')
  open({ connectionLimit: 1 })
  await whoAmI()
  const stopped = pool.query({ sql: 'SELECT SLEEP(20)', timeout: 1000 })
  await rotate('single', 'the second password')
  await expect(stopped).rejects.toMatchObject({ code: 'DEADLINE_EXCEEDED', cause: { errno: 1317 } })
  expect(await whoAmI()).toBe('single@%')
  expect(await sessionsOf('single')).toBe(1) // what was stopped is gone
})
