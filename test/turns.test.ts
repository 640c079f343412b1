import { expect, test } from 'vitest'
import { Turns } from '../src/slots/turns.ts'
import { Caller, stepsAside } from './support/callers.ts'

/** `a1 a2 b1` are three callers of two owners, who join in this order. */
function callers(turns: Turns<Caller>, names: string): Record<string, Caller> {
  const joined = names.split(' ').map((name) => new Caller(name))
  for (const caller of joined) turns.join(caller)
  return Object.fromEntries(joined.map((caller) => [caller.name, caller]))
}

/** Serves the first of them until there is none, or so many. */
function served(turns: Turns<Caller>, many = Number.POSITIVE_INFINITY): string {
  const names: string[] = []
  for (let { first } = turns; first && names.length < many; first = turns.first) {
    names.push(first.name)
    turns.serve(first)
  }
  return names.join(' ')
}

test('one owner is served in the order of asking', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 a3')
  expect(served(turns)).toBe('a1 a2 a3')
  expect(turns.length).toBe(0)
})

test('owners take turns, however much one of them asks for', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 a3 a4 a5 b1 c1 c2')
  expect(served(turns)).toBe('a1 b1 c1 a2 c2 a3 a4 a5')
})

test('who joins has a turn when those who wait have had theirs', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 a3 b1 b2')
  expect(served(turns, 1)).toBe('a1')
  callers(turns, 'c1 a4')
  expect(served(turns)).toBe('b1 a2 c1 b2 a3 a4')
})

test('who comes for more has to wait for another turn', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 b1 b2')
  expect(served(turns, 1)).toBe('a1')
  callers(turns, 'a2')
  expect(served(turns)).toBe('b1 a2 b2')
})

test('who gives up costs his owner no turn', () => {
  const turns = new Turns<Caller>()
  const { a1, a3, b1 } = callers(turns, 'a1 a2 a3 a4 b1 c1')
  for (const caller of [a1, a3, b1]) turns.leave(caller as Caller)
  expect(served(turns)).toBe('a2 c1 a4')
  expect(turns.length).toBe(0)
})

test('who steps aside lets the others go first', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 b1 c1')
  stepsAside(turns)
  expect(turns.length).toBe(3)
  expect(served(turns)).toBe('b1 c1 a2')
})

test.each([
  ['beside his owner’s', 'a1 a2 b1 b2', 'a1 b2 a2'],
  ['when none of his owner’s is left', 'a1 b1 b2', 'a1 b2'],
])('who comes back has his place and his owner’s turn again, %s', (_, names, order) => {
  const turns = new Turns<Caller>()
  callers(turns, names)
  const aside = stepsAside(turns)
  expect(served(turns, 1)).toBe('b1')
  turns.putBack(aside)
  expect(served(turns)).toBe(order)
})

test('who gives up aside leaves the turn to his owner', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 b1 b2')
  const aside = stepsAside(turns)
  turns.leave(aside)
  expect(served(turns)).toBe('a2 b1 b2')
})

test('the turn that was lent is there as long as one of the owner’s is', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 b1 b2 c1')
  const a1 = stepsAside(turns)
  expect(served(turns, 2)).toBe('b1 c1')
  const a2 = stepsAside(turns)
  turns.leave(a1)
  turns.putBack(a2)
  expect(served(turns)).toBe('a2 b2')
})

test('the turn of who is aside is used when another of his owner’s is served', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 b1 b2')
  const aside = stepsAside(turns)
  expect(served(turns, 2)).toBe('b1 a2')
  turns.putBack(aside)
  expect(served(turns)).toBe('b2 a1')
})

test('those of one owner come back in their order', () => {
  const turns = new Turns<Caller>()
  callers(turns, 'a1 a2 a3')
  const aside = [stepsAside(turns), stepsAside(turns)]
  callers(turns, 'a4')
  for (const caller of aside.reverse()) turns.putBack(caller)
  expect(served(turns)).toBe('a1 a2 a3 a4')
})

test('the oldest is who has waited longest, whoever’s turn it is', () => {
  const turns = new Turns<Caller>()
  const { a2, b1 } = callers(turns, 'a1 a2 b1')
  turns.serve(turns.first as Caller)
  expect([turns.first, turns.oldest]).toEqual([b1, a2])
})

test('how many are ahead is how many are served before', () => {
  const turns = new Turns<Caller>()
  const joined = Object.values(callers(turns, 'a1 a2 a3 a4 a5 b1 c1 c2 d1 d2 d3 d4 d5 d6'))
  served(turns, 2)
  const ahead = new Map(joined.map((caller) => [caller.name, turns.ahead(caller)]))
  const order = served(turns).split(' ')
  expect(order.map((name) => ahead.get(name))).toEqual(order.map((_, at) => at))
})

test('a hundred thousand owners cost no more each than a few', () => {
  const turns = new Turns<Caller>()
  const start = performance.now()
  let keptPlace = 0
  const joined = Array.from({ length: 100_000 }, (_, owner) => {
    const [one, other] = [new Caller('1', { owner }), new Caller('2', { owner })]
    for (const caller of [one, other]) turns.join(caller)
    return [one, other] as const
  })
  for (const [one, other] of joined) {
    turns.putBack(stepsAside(turns))
    if (turns.first === one) keptPlace++
    turns.serve(one)
    turns.leave(other)
  }
  expect([keptPlace, turns.length]).toEqual([100_000, 0])
  expect(performance.now() - start).toBeLessThan(20_000) // where a step looks at every owner it takes minutes
}, 60_000)
