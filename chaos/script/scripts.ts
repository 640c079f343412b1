import fc from 'fast-check'
import { anyProgram, blamelessProgram, outlivingProgram } from './programs.ts'
import type { Fault, Invocation, Script, Setting, Step, TimedFault } from './script.ts'

/** Milliseconds: so long that a program which does nothing wrong comes to its end on a busy machine, too. */
const AMPLE = 3000
/** Of those that may be waiting for what they have themselves. */
const SHORT = 350

const lasts = fc.integer({ min: 5, max: 60 })
/** Over the end of a short invocation, too. */
const stoppedFor = fc.oneof(lasts, fc.integer({ min: 200, max: 450 }))
const style = fc.constantFrom<Invocation['style']>('wrap', 'middy')
const invocation = (program: fc.Arbitrary<Invocation['program']>, timeout: number) =>
  fc.record({ style, timeout: fc.constant(timeout), program })

const invocations: fc.Arbitrary<Invocation> = fc.oneof(
  { weight: 50, arbitrary: invocation(anyProgram, SHORT) },
  { weight: 40, arbitrary: invocation(blamelessProgram, AMPLE) },
  { weight: 2, arbitrary: invocation(outlivingProgram, SHORT) },
)

const kind = <K extends string>(...kinds: K[]) => fc.record({ kind: fc.constantFrom(...kinds) })

const quickFault: fc.Arbitrary<Fault> = fc.oneof(
  { weight: 6, arbitrary: kind('kill connections', 'kill one connection') },
  { weight: 4, arbitrary: kind('reset connections', 'close connections') },
)

const server: fc.Arbitrary<Fault> = kind('restart the server', 'kill -9 the server')

const cut: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constant('cut in the middle' as const),
  bytes: fc.oneof(fc.nat(60), fc.nat(1200)),
  way: fc.constantFrom('toServer' as const, 'toClient' as const),
  how: fc.constantFrom('RST' as const, 'FIN' as const),
})

const lostCommit: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constant('answer to COMMIT lost' as const),
  how: fc.constantFrom('RST' as const, 'FIN' as const),
})

const lasting: fc.Arbitrary<Fault> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'server read-only' as const,
        'blackhole' as const,
        'refuse connections' as const,
        'too many connections' as const,
      ),
      lasts,
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('slow network' as const),
      lasts,
      delay: fc.integer({ min: 1, max: 40 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('narrow network' as const),
      lasts,
      bandwidth: fc.integer({ min: 2000, max: 50_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('stopped process' as const), lasts: stoppedFor }) },
)

const jump: fc.Arbitrary<Fault> = fc.record({
  kind: fc.constant('clock jump' as const),
  by: fc.oneof(
    fc.integer({ min: -5000, max: 5000 }),
    fc.constantFrom(-3_600_000, -20_000, 20_000, 3_600_000),
  ),
})

const during: fc.Arbitrary<TimedFault> = fc.record({
  at: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
  fault: fc.oneof(
    { weight: 40, arbitrary: quickFault },
    { weight: 20, arbitrary: kind('kill a statement') },
    { weight: 40, arbitrary: cut },
    { weight: 15, arbitrary: lostCommit },
    { weight: 50, arbitrary: lasting },
    { weight: 10, arbitrary: jump },
    { weight: 1, arbitrary: server },
  ),
})

/** Of so many steps, about so many have it. */
const now = <T>(parts: number, of: number, one: fc.Arbitrary<T>, most = 1): fc.Arbitrary<T[]> =>
  fc.oneof(
    { weight: of - parts, arbitrary: fc.constant<T[]>([]) },
    { weight: parts, arbitrary: fc.array(one, { minLength: 1, maxLength: most }) },
  )

function steps(concurrency: number): fc.Arbitrary<Step> {
  const single = concurrency === 1
  return fc.record({
    before: now(1, 6, fc.oneof({ weight: 60, arbitrary: quickFault }, { weight: 1, arbitrary: server })),
    frozen: single ? fc.boolean() : fc.constant(false),
    waits: fc.boolean(),
    lateBy: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 50 }) },
    ),
    during: now(1, 4, during, 2),
    invocations: fc.array(invocations, { minLength: 1, maxLength: concurrency }),
  })
}

function settings(concurrency: number): fc.Arbitrary<Setting> {
  return fc.record({
    connectionLimit: fc.constantFrom(1, 2, 2, 3, 4),
    concurrency: fc.constant(concurrency),
    workers: fc.constantFrom(1, 2),
  })
}

/**
 * Scripts of so many steps at most.
 *
 * @param concurrency how many invocations the container takes at once
 */
export function scripts(concurrency: number, maxLength = 60): fc.Arbitrary<Script> {
  return fc.record({
    setting: settings(concurrency),
    steps: fc.array(steps(concurrency), { minLength: Math.min(20, maxLength), maxLength }),
  })
}
