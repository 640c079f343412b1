import { setImmediate as turn } from 'node:timers/promises'
import fc from 'fast-check'
import type { Pool, Transaction } from '../../src/index.ts'

/** What becomes of a step's promise: awaited, awaited and its failure swallowed, or left alone. */
type Care = 'await' | 'swallow' | 'leave'

type Step =
  | { do: 'insert'; id: number; how: 'query' | 'execute'; levelsUp: number; duplicate: boolean; care: Care }
  | { do: 'insert beside'; id: number }
  | { do: 'turn' }
  | { do: 'nest'; by: 'tx' | 'pool'; steps: Step[]; throws: boolean; care: Care }
  /** All begun at once; `all`: the first failure is one of the whole. */
  | { do: 'parallel'; steps: Step[]; all: boolean }

export interface Tree {
  readonly steps: readonly Step[]
  readonly throws: boolean
}

const care = fc.constantFrom<Care>('await', 'await', 'swallow', 'leave')
const rarely = fc.integer({ min: 0, max: 5 }).map((n) => n === 0)
const sometimes = fc.integer({ min: 0, max: 2 }).map((n) => n === 0)

const { step } = fc.letrec<{ step: Step }>((tie) => {
  const steps = fc.array(tie('step'), { minLength: 1, maxLength: 4 })
  return {
    step: fc.oneof(
      { maxDepth: 4, depthSize: 'small' },
      fc.record({
        do: fc.constant('insert' as const),
        id: fc.constant(0),
        how: fc.constantFrom('query', 'execute'),
        levelsUp: fc.nat(2),
        duplicate: rarely,
        care,
      }),
      fc.constant({ do: 'turn' as const }),
      fc.constant({ do: 'insert beside' as const, id: 0 }),
      fc.record({
        do: fc.constant('nest' as const),
        by: fc.constantFrom('tx', 'pool'),
        steps,
        throws: sometimes,
        care,
      }),
      fc.record({
        do: fc.constant('nest' as const),
        by: fc.constant('tx' as const),
        steps,
        throws: sometimes,
        care,
      }),
      fc.record({ do: fc.constant('parallel' as const), steps, all: fc.boolean() }),
    ),
  }
})

export const trees: fc.Arbitrary<Tree> = fc
  .record({ steps: fc.array(step, { minLength: 1, maxLength: 5 }), throws: rarely })
  .map(({ steps, throws }) => ({ steps: numbered(steps), throws }))

/** Milliseconds. */
const PATIENCE = 5000

/** Each insert has a row of its own. */
function numbered(steps: readonly Step[], last = { id: 0 }): Step[] {
  return steps.map((step) => {
    if ('id' in step) return { ...step, id: ++last.id }
    return 'steps' in step ? { ...step, steps: numbered(step.steps, last) } : step
  })
}

/** The model: what a level has inserted when these steps are done, or the first of them has failed. */
export function outcomeOf(steps: readonly Step[]): { rows: number[]; fails: boolean } {
  const rows: number[] = []
  for (const step of steps) if (failsIn(step, rows)) return { rows, fails: true }
  return { rows, fails: false }
}

function failsIn(step: Step, rows: number[]): boolean {
  if (step.do === 'insert') {
    if (!step.duplicate) rows.push(step.id)
    return step.duplicate && step.care === 'await'
  }
  if (step.do === 'nest') {
    const inner = outcomeOf(step.steps)
    const fails = inner.fails || step.throws
    if (!fails) rows.push(...inner.rows)
    return fails && step.care === 'await'
  }
  if (step.do !== 'parallel') return false
  const failed = step.steps.map((each) => failsIn(each, rows))
  return step.all && failed.includes(true)
}

/** Runs a tree in a transaction. */
export class TreeRun {
  /** What was inserted beside the transaction: into another table, as a savepoint that is undone leaves locks on gaps behind. */
  readonly beside: number[] = []
  readonly #pool: Pool
  readonly #begun: () => void
  readonly #left: Promise<unknown>[] = []

  /** @param begun is called before each insert of the transaction, and before its end */
  constructor(pool: Pool, begun: () => void) {
    this.#pool = pool
    this.#begun = begun
  }

  /** Settles when also what was left alone has come to its end. */
  async take(
    tree: Tree,
    started: (tx: Transaction) => Promise<unknown>,
  ): Promise<PromiseSettledResult<unknown>> {
    const work = async (tx: Transaction) => {
      await started(tx)
      await this.#all([tx], tree.steps, false)
      this.#begun()
      if (tree.throws) throw new Error('thrown')
    }
    const run = this.#pool.transaction(work, { timeout: PATIENCE }) // nothing in it waits for ever
    const [told] = await Promise.allSettled([run])
    for (let left = this.#left.splice(0); left.length > 0; left = this.#left.splice(0))
      await Promise.all(left)
    return told
  }

  /**
   * @param levels the handles from the outermost to the innermost
   * @param mayOutlive whether the level may end before this does: then only what is of the level shows that it has
   */
  async #all(levels: readonly Transaction[], steps: readonly Step[], mayOutlive: boolean): Promise<void> {
    for (const step of steps) await this.#one(levels, step, mayOutlive)
  }

  async #one(levels: readonly Transaction[], step: Step, mayOutlive: boolean): Promise<unknown> {
    if (step.do === 'turn') return turn()
    if (step.do === 'insert beside') return this.#insertBeside(step.id)
    if (step.do === 'parallel') {
      const begun = step.steps.map((each) => this.#one(levels, each, true))
      this.#left.push(...begun.map((each) => each.catch(() => {})))
      return step.all ? Promise.all(begun) : Promise.allSettled(begun)
    }
    const done =
      step.do === 'insert'
        ? this.#insert(
            levels.at(mayOutlive ? -1 : Math.max(-1 - step.levelsUp, -levels.length)) as Transaction,
            step,
          )
        : this.#nest(levels, step, mayOutlive || step.care === 'leave')
    if (step.care === 'await') return done
    const swallowed = done.catch(() => {})
    if (step.care === 'swallow') return swallowed
    this.#left.push(swallowed)
  }

  #insert(tx: Transaction, { id, how, duplicate }: Step & { do: 'insert' }): Promise<unknown> {
    this.#begun()
    return tx[how]('INSERT INTO t VALUES (?)', [duplicate ? 0 : id])
  }

  async #insertBeside(id: number): Promise<void> {
    await this.#pool.query('INSERT INTO beside VALUES (?)', [id])
    this.beside.push(id)
  }

  #nest(
    levels: readonly Transaction[],
    { by, steps, throws }: Step & { do: 'nest' },
    mayOutlive: boolean,
  ): Promise<unknown> {
    const on = by === 'pool' && !mayOutlive ? this.#pool : (levels.at(-1) as Transaction)
    return on.transaction(async (part) => {
      await this.#all([...levels, part], steps, mayOutlive)
      if (throws) throw new Error('thrown')
    })
  }
}
