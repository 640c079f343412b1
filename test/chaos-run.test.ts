/**
 * A short chaos run, and one of a warmpool that has lost a mechanism. `npm run chaos` is the long one.
 *
 * A failure tells its seed; `SEED=7 npx vitest run test/chaos-run.test.ts` plays the same scripts.
 */

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { campaign } from '../chaos/campaign.ts'
import { MUTANTS } from '../chaos/mutants.ts'
import { summary } from '../chaos/print.ts'
import { Tally } from '../chaos/tally.ts'
import { apply, bundleHandler, type Change } from '../chaos/world/bundle.ts'
import { chooseRuntime } from '../local/src/lambda/runtime.ts'

const { SEED = String(Math.floor(Math.random() * 1_000_000)), INVOCATIONS = '60' } = process.env

async function run(
  changes: readonly Change[],
  worlds: readonly number[],
  enough?: (tally: Tally) => boolean,
) {
  const handler = await bundleHandler('warmpool', changes)
  const cast = { client: 'warmpool', runtime: chooseRuntime('auto').name, handler } as const
  const tally = new Tally()
  const plan = { cast, seed: Number(SEED), invocations: Number(INVOCATIONS), worlds }
  const started = performance.now()
  await campaign({ ...plan, ...(enough && { enough, invocations: 2000 }) }, tally)
  console.log(`seed ${SEED}: ${summary(tally, (performance.now() - started) / 1000)}`)
  return tally
}

test('no promise is broken, one invocation at a time and several at once', async () => {
  const tally = await run([], [1, 4])
  const accounts = [...tally.findings.values()].map(({ account, script }) => [
    account,
    JSON.stringify(script),
  ])
  expect(accounts).toEqual([])
  expect(tally.rows).toBeGreaterThan(50)
})

test('with a mechanism of warmpool switched off, that is noticed', async () => {
  const mutant = MUTANTS.find(({ name }) => name === 'COMMIT is not sent')
  const rule = mutant?.breaks as string
  const tally = await run(mutant?.changes ?? [], [1], ({ findings }) => findings.has(rule))
  expect([...tally.findings.keys()]).toContain(rule)
})

test('a change whose place in the source is gone is refused', async () => {
  const change = { file: 'src/link.ts', find: 'no such text', replace: '' }
  await expect(bundleHandler('warmpool', [change])).rejects.toThrow(
    'src/link.ts has 0 times what is to be changed',
  )
  const elsewhere = { ...change, file: 'src/no-such-file.ts' }
  await expect(bundleHandler('warmpool', [elsewhere])).rejects.toThrow('no part of the handler')
})

test('all mutants are of the source as it is', () => {
  for (const change of MUTANTS.flatMap(({ changes }) => changes))
    apply(readFileSync(new URL(`../${change.file}`, import.meta.url), 'utf8'), change)
})
