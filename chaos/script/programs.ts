import fc from 'fast-check'
import type { Care, ConnectionStep, Method, Op, TransactionStep, Write } from './script.ts'
import { DIRT } from './script.ts'

const id = fc.constant('')
const method = fc.constantFrom<Method>('query', 'execute')
const rarely = fc.integer({ min: 0, max: 5 }).map((n) => n === 0)
const care = fc.constantFrom<Care>('await', 'await', 'await', 'swallow', 'leave')
const awaited = fc.constant<Care>('await')
/** Mostly as fast as it can be; else milliseconds on the server. */
const slow = fc.oneof(
  { weight: 15, arbitrary: fc.constant(0) },
  { weight: 1, arbitrary: fc.integer({ min: 5, max: 40 }) },
)
const soon = fc.integer({ min: 0, max: 15 })

const write: fc.Arbitrary<Write> = fc.record({ do: fc.constant('write' as const), id, by: method, slow })
const pause = fc.record({ do: fc.constant('pause' as const), ms: soon })

/** Steps of a transaction, nested ones included. @param more what may be among them, rarely */
function stepsOf(more: fc.Arbitrary<TransactionStep>): fc.Arbitrary<TransactionStep[]> {
  const { step } = fc.letrec<{ step: TransactionStep }>((tie) => ({
    step: fc.oneof(
      { maxDepth: 2, depthSize: 'small' },
      { weight: 12, arbitrary: write as fc.Arbitrary<TransactionStep> },
      { weight: 2, arbitrary: pause },
      {
        weight: 4,
        arbitrary: fc.record({
          do: fc.constant('nest' as const),
          id,
          throws: rarely,
          steps: fc.array(tie('step'), { minLength: 1, maxLength: 2 }),
        }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          do: fc.constant('side by side' as const),
          steps: fc.array(write, { minLength: 2, maxLength: 3 }),
        }),
      },
      { weight: 1, arbitrary: more },
    ),
  }))
  return fc.array(step, { minLength: 1, maxLength: 4 })
}

const plainSteps = stepsOf(pause)
const anySteps = stepsOf(fc.record({ do: fc.constant('beside' as const), steps: fc.tuple(write) }))

function transaction(
  steps: fc.Arbitrary<TransactionStep[]>,
  how: fc.Arbitrary<Care>,
  throws: fc.Arbitrary<boolean>,
): fc.Arbitrary<Op> {
  return fc.record({ do: fc.constant('transaction' as const), id, steps, throws, care: how })
}

const connectionStep: fc.Arbitrary<ConnectionStep> = fc.oneof(
  { weight: 3, arbitrary: write },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constant('dirt' as const), id, kind: fc.constantFrom(...DIRT) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('begin' as const, 'commit' as const), id }) },
)

const simple: fc.Arbitrary<Op> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(write, care).map(([one, how]) => ({ ...one, care: how })) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), id, by: method, care }) },
  { weight: 3, arbitrary: transaction(anySteps, care, rarely) },
)

const careless: fc.Arbitrary<Op> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant('connection' as const),
      id,
      steps: fc.array(connectionStep, { minLength: 1, maxLength: 4 }),
      after: fc.oneof(
        { weight: 8, arbitrary: fc.constant('release' as const) },
        { weight: 1, arbitrary: fc.constantFrom('leak' as const, 'store' as const) },
      ),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant('stream' as const),
      id,
      take: fc.integer({ min: 0, max: 300 }),
      after: fc.constantFrom('drain' as const, 'drain' as const, 'destroy' as const, 'leave' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('use what was stored' as const), steps: fc.tuple(write) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('later' as const), ms: soon, steps: fc.tuple(write) }),
  },
  { weight: 1, arbitrary: pause },
  { weight: 1, arbitrary: fc.constant<Op>({ do: 'throw' }) },
)

const parallel: fc.Arbitrary<Op> = fc.record({
  do: fc.constant('parallel' as const),
  branches: fc.array(fc.array(simple, { minLength: 1, maxLength: 2 }), { minLength: 2, maxLength: 4 }),
})

/** Whatever a handler may do in its time. */
export const anyProgram: fc.Arbitrary<Op[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: simple },
    { weight: 3, arbitrary: careless },
    { weight: 1, arbitrary: parallel },
  ),
  { minLength: 1, maxLength: 4 },
)

const blameless: fc.Arbitrary<Op> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(write, awaited).map(([one, how]) => ({ ...one, care: how })) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('read' as const), id, by: method, care: awaited }) },
  { weight: 2, arbitrary: transaction(plainSteps, awaited, fc.constant(false)) },
)

/** A handler that does nothing wrong: when nothing is done to it, it has to succeed. */
export const blamelessProgram: fc.Arbitrary<Op[]> = fc.array(blameless, { minLength: 1, maxLength: 3 })

/** It is still at work when its time is up. */
export const outlivingProgram: fc.Arbitrary<Op[]> = fc
  .tuple(
    fc.array(simple, { maxLength: 2 }),
    fc.oneof(
      fc.record({ do: fc.constant('outlive' as const), by: fc.integer({ min: -60, max: 30 }) }),
      fc.constant<Op>({ do: 'never return' }),
      // Longer than it has: the server is at it when the time is up.
      write.map((one) => ({ ...one, slow: 1000, care: 'await' as const })),
      write.map<Op>((one) => ({
        do: 'transaction',
        id: '',
        steps: [one, { ...one, slow: 1000 }],
        throws: false,
        care: 'await',
      })),
    ),
    fc.array(simple, { minLength: 1, maxLength: 2 }),
  )
  .map(([first, wait, late]) => [...first, wait as Op, ...late])
