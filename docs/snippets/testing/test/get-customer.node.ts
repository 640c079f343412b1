import assert from 'node:assert/strict'
import test from 'node:test'
import { localLambda } from 'warmpool-local'
import { startShop } from './shop.ts'

test('survives that the server closes its connection while it is frozen', async () => {
  await using database = await startShop()
  await using lambda = await localLambda({ handler: 'src/get-customer.ts', database })
  await lambda.invoke({ id: 1 })
  await lambda.freeze()
  await database.killConnections()
  const { ok, start } = await lambda.invoke({ id: 1 })
  assert.deepEqual({ ok, start }, { ok: true, start: 'thawed' })
})
