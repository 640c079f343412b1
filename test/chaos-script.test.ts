import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readOptions } from '../chaos/options.ts'
import { numbered, writesOf } from '../chaos/script/number.ts'
import type { ConnectionStep, Op, Write } from '../chaos/script/script.ts'
import { scripts } from '../chaos/script/scripts.ts'

const write: Write = { do: 'write', id: '', by: 'query', slow: 0 }

test('a seed makes the same scripts again, and what is written down is the script', () => {
  const some = () => fc.sample(scripts(4), { seed: 11, numRuns: 5 })
  expect(some()).toEqual(some())
  expect(JSON.parse(JSON.stringify(some()))).toEqual(some())
})

test('every operation of an invocation has a name of its own', () => {
  const property = fc.property(scripts(4, 5), ({ steps }) => {
    const program = steps[0]?.invocations[0]?.program ?? []
    const names = [...JSON.stringify(numbered(program, 12)).matchAll(/"id":"([^"]*)"/g)].map(
      ([, name]) => name,
    )
    expect(new Set(names).size).toBe(names.length)
    for (const name of names) expect(name).toMatch(/^12\.\d+$/)
  })
  fc.assert(property, { numRuns: 200 })
})

test('a write belongs to the transactions around it, but not to the one that it goes beside', () => {
  const program: Op[] = [
    {
      do: 'transaction',
      id: '',
      throws: false,
      care: 'await',
      steps: [write, { do: 'nest', id: '', throws: false, steps: [write] }, { do: 'beside', steps: [write] }],
    },
  ]
  const facts = [...writesOf(numbered(program, 1))].map(([op, { within }]) => [op, within])
  expect(facts).toEqual([
    ['1.1', ['1.0']],
    ['1.3', ['1.0', '1.2']],
    ['1.4', []],
  ])
})

test('what is begun by hand is saved by the next COMMIT or BEGIN, and by nothing else', () => {
  const [begin, commit] = (['begin', 'commit'] as const).map((what): ConnectionStep => ({ do: what, id: '' }))
  const autocommit: ConnectionStep = { do: 'dirt', id: '', kind: 'autocommit' }
  const savedBy = (...steps: (ConnectionStep | undefined)[]) => {
    const op = { do: 'connection', id: '', steps: steps as ConnectionStep[], after: 'release' } as const
    return [...writesOf(numbered([op], 1)).values()].map(({ byHand, commit }) =>
      byHand ? (commit ?? 'nothing') : 'itself',
    )
  }
  expect(savedBy(write, begin, write, commit, write)).toEqual(['itself', '1.4', 'itself'])
  expect(savedBy(begin, write, begin, write)).toEqual(['1.3', 'nothing'])
  expect(savedBy(autocommit, write, commit, write)).toEqual(['1.3', 'nothing'])
})

test.each([
  [['--invocations', 'many'], '--invocations: received many; accepted: a whole number from 1 on.'],
  [['--seed', '-1'], '--seed'],
  [['--seed=-1'], '--seed: received -1; accepted: a whole number from 0 on.'],
  [['--client', 'pg'], '--client: received pg; accepted: warmpool, mysql2, serverless-mysql.'],
  [['--concurrency', '0'], '--concurrency: received 0; accepted: a whole number from 1 on.'],
  [['--runtime', 'deno'], '--runtime: received deno; accepted: auto, ric, loop.'],
])('%j is refused in a sentence', (args, sentence) => {
  expect(() => readOptions(args)).toThrow(sentence)
})

test('--help asks for no run', () => expect(readOptions(['--help'])).toBeUndefined())
