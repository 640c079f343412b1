/** Random runs over the turns of those who wait. A failure tells its seed: `SEED=1 npx vitest run test/fair-turns.test.ts`. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Turns } from '../src/slots/turns.ts'
import { Caller, stepsAside } from './support/callers.ts'
import { pick } from './support/slots-model/pick.ts'

const { SEED } = process.env
const settings = { numRuns: 3000, ...(SEED && { seed: Number(SEED) }) }

type Act = 'join' | 'serve' | 'leave' | 'aside' | 'back' | 'leave aside'
/** Which of those it is done to: for `join` the owner's letter. */
type Step = readonly [Act, number]

function randomSteps(weights: Partial<Record<Act, number>>): fc.Arbitrary<Step[]> {
  const acts = Object.entries(weights) as [Act, number][]
  const act = fc.oneof(...acts.map(([name, weight]) => ({ weight, arbitrary: fc.constant(name) })))
  return fc.array(fc.tuple(act, fc.nat({ max: 7 })), { maxLength: 60, size: 'max' })
}

const letter = (which: number) => 'abcd'.charAt(which % 4)

/** What the turns must be: a list for each owner, and the owners in a ring. */
class Ring {
  lists: Caller[][] = []

  get first(): Caller | undefined {
    return this.lists[0]?.[0]
  }

  join(one: Caller): void {
    const list = this.lists.find(([first]) => first?.owner === one.owner)
    if (list) list.push(one)
    else this.lists.push([one])
  }

  serve(): void {
    const [list = [], ...others] = this.lists
    this.#keep([...others, list.slice(1)])
  }

  leave(one: Caller): void {
    this.#keep(this.lists.map((list) => list.filter((other) => other !== one)))
  }

  #keep(lists: Caller[][]): void {
    this.lists = lists.filter(({ length }) => length > 0)
  }
}

test('as if each owner had a list, and the owners stood in a ring', () => {
  const run = fc.property(randomSteps({ join: 4, serve: 4, leave: 1 }), (steps) => {
    const [turns, ring] = [new Turns<Caller>(), new Ring()]
    for (const [at, [act, which]] of steps.entries()) {
      const one = act === 'join' ? new Caller(`${letter(which)}${at}`) : pick(ring.lists.flat(), which)
      if (!one) continue
      if (act === 'serve') {
        turns.serve(turns.first as Caller)
        ring.serve()
      } else for (const those of [turns, ring]) those[act === 'join' ? 'join' : 'leave'](one)
      expect([...turns]).toEqual(ring.lists.flat())
      expect([turns.first, turns.length]).toEqual([ring.first, ring.lists.flat().length])
    }
  })
  fc.assert(run, settings)
})

/** Sees who waits, in line and aside, and that owners are served in turn. Those who have lent theirs have nothing to complain of. */
class Witness {
  readonly turns = new Turns<Caller>()
  readonly waiting = new Set<Caller>()
  readonly aside = new Set<Caller>()
  /** When an owner was last served, or began to wait, by the count of such moments. */
  readonly #since = new Map<object, number>()
  #moments = 0

  get inLine(): Caller[] {
    return [...this.waiting].filter((one) => !this.aside.has(one))
  }

  join(one: Caller): void {
    if (!this.#ownersOf(this.waiting).has(one.owner)) this.#since.set(one.owner, ++this.#moments)
    this.waiting.add(one)
    this.turns.join(one)
  }

  serve(): void {
    const { first } = this.turns
    if (!first) return
    expect(first, 'one’s own do not overtake').toBe(this.inLine.find(({ owner }) => owner === first.owner))
    this.turns.serve(first)
    this.waiting.delete(first)
    const lent = this.#ownersOf(this.aside)
    for (const owner of this.#ownersOf(this.waiting))
      if (!lent.has(owner))
        expect(this.#sinceOf(owner), first.name).toBeGreaterThanOrEqual(this.#sinceOf(first.owner))
    this.#since.set(first.owner, ++this.#moments)
  }

  leave(one: Caller): void {
    this.turns.leave(one)
    this.waiting.delete(one)
    this.aside.delete(one)
  }

  putBack(one: Caller): void {
    this.aside.delete(one)
    this.turns.putBack(one)
  }

  do([act, which]: Step, at: number): void {
    const chosen = pick(act === 'leave' ? this.inLine : this.aside, which)
    if (act === 'join') this.join(new Caller(`${letter(which)}${at}`))
    else if (act === 'serve') this.serve()
    else if (act === 'aside') this.turns.first && this.aside.add(stepsAside(this.turns))
    else if (chosen) act === 'back' ? this.putBack(chosen) : this.leave(chosen)
    expect(this.turns.length).toBe(this.inLine.length)
  }

  #ownersOf(those: Iterable<Caller>): Set<object> {
    return new Set([...those].map(({ owner }) => owner))
  }

  #sinceOf(owner: object): number {
    return this.#since.get(owner) as number
  }
}

test('the owner who has waited longest for a turn has the next, whoever steps aside and comes back or not', () => {
  const weights = { join: 5, serve: 4, leave: 1, aside: 3, back: 2, 'leave aside': 1 }
  const run = fc.property(randomSteps(weights), (steps) => {
    const witness = new Witness()
    for (const [at, step] of steps.entries()) witness.do(step, at)
    for (const one of [...witness.aside]) witness.putBack(one)
    while (witness.turns.first) witness.serve()
    expect(witness.waiting.size).toBe(0)
  })
  fc.assert(run, settings)
})
