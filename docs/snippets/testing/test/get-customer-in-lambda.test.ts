import { afterAll, beforeEach, expect, test } from 'vitest'
import { localLambda } from 'warmpool-local'
import { startShop } from './shop.ts'

const database = await startShop()
const lambda = await localLambda({ handler: 'src/get-customer.ts', database })
beforeEach(() => lambda.kill()) // each test starts cold
afterAll(async () => {
  await lambda[Symbol.asyncDispose]()
  await database[Symbol.asyncDispose]()
})

const event = { id: 1 }

test('survives that the server closes its connection while it is frozen', async () => {
  await lambda.invoke(event)
  await lambda.freeze()
  await database.killConnections()
  const thawed = await lambda.invoke(event) // waits in the container as it wakes
  expect(thawed).toMatchObject({ ok: true, start: 'thawed', connections: { opened: 1, replaced: 1 } })
})

test('opens one connection per container, and keeps it', async () => {
  const cold = await lambda.invokeAll([event, event, event])
  const warm = await lambda.invokeAll([event, event, event])
  expect(cold.map(({ start }) => start)).toEqual(['cold', 'cold', 'cold'])
  expect(warm.map(({ connections }) => connections)).toMatchObject(Array(3).fill({ opened: 0, reused: 1 }))
  expect(await lambda.connections()).toHaveLength(3)
})

test('answers before its timeout when the database does not, and recovers', async () => {
  await lambda.invoke(event)
  const network = lambda.containers[0]?.network
  network?.blackhole()
  const answer = await lambda.invoke(event, { timeout: 2000 })
  expect(answer).toMatchObject({ ok: false, error: { errorType: 'WarmpoolError' } }) // and not Sandbox.Timedout
  network?.heal()
  expect(await lambda.invoke(event)).toMatchObject({ ok: true, start: 'warm' })
})
