import { setTimeout as sleep } from 'node:timers/promises'
import type { Op, TransactionStep, Write } from '../script/script.ts'
import type { Acts, Handles, Nesting } from './face.ts'
import type { Interpreter } from './interpreter.ts'
import { report, toldOf } from './reports.ts'
import { insert } from './statements.ts'

type Act = () => [string, unknown[]] | []

/** The work of a transaction, as a callback and as a list. */
export class TransactionActs implements Acts {
  readonly #op: Extract<Op, { do: 'transaction' }>
  readonly #interpreter: Interpreter
  readonly #pool: Handles

  constructor(op: Extract<Op, { do: 'transaction' }>, interpreter: Interpreter, pool: Handles) {
    this.#op = op
    this.#interpreter = interpreter
    this.#pool = pool
    this.run = this.run.bind(this)
  }

  async run(tx: Nesting): Promise<void> {
    const { id, steps, throws } = this.#op
    await this.#steps(tx, steps)
    if (throws) throw sorry()
    report({ is: 'body', op: id })
  }

  async #steps(tx: Nesting, steps: readonly TransactionStep[]): Promise<void> {
    for (const step of steps) await this.#step(tx, step)
  }

  #step(tx: Nesting, step: TransactionStep): Promise<unknown> {
    if (step.do === 'write') return this.#interpreter.write(tx, step)
    if (step.do === 'pause') return sleep(step.ms)
    if (step.do === 'beside') return this.#interpreter.write(this.#pool, step.steps[0])
    if (step.do === 'side by side')
      return Promise.all(step.steps.map((one) => this.#interpreter.write(tx, one)))
    return this.#nest(tx, step)
  }

  /** What fails inside is undone, and the transaction goes on. */
  async #nest(tx: Nesting, { id, steps, throws }: Extract<TransactionStep, { do: 'nest' }>): Promise<void> {
    report({ is: 'asked', op: id })
    try {
      await tx.nest(async (part) => {
        await this.#steps(part, steps)
        if (throws) throw sorry()
      })
      report({ is: 'told', op: id, told: { ok: true } })
    } catch (error) {
      report({ is: 'told', op: id, told: toldOf(error) })
    }
  }

  /** Without pauses, which a list cannot have; savepoints by hand. */
  get list(): Act[] {
    const { id, steps, throws } = this.#op
    let before: string | undefined
    const settle = (next?: string) => {
      if (before !== undefined) report({ is: 'told', op: before, told: { ok: true } })
      before = next
    }
    const act =
      (write: Write): Act =>
      () => {
        settle(write.id)
        report({ is: 'asked', op: write.id })
        return insert(write.id, write.slow)
      }
    const plain =
      (sql: string): Act =>
      () => {
        settle()
        return [sql, []]
      }
    const acts = (some: readonly TransactionStep[]): Act[] =>
      some.flatMap((step): Act[] => {
        if (step.do === 'write') return [act(step)]
        if (step.do === 'pause') return []
        if (step.do !== 'nest') return step.steps.map(act)
        const name = `s${step.id.replace('.', '_')}`
        const told =
          (ok: boolean): Act =>
          () => {
            settle()
            report({ is: 'told', op: step.id, told: { ok, own: !ok } })
            return []
          }
        const end = step.throws ? [plain(`ROLLBACK TO SAVEPOINT ${name}`)] : []
        return [plain(`SAVEPOINT ${name}`), ...acts(step.steps), ...end, told(!step.throws)]
      })
    const last: Act = () => {
      settle()
      if (throws) throw sorry()
      report({ is: 'body', op: id })
      return []
    }
    return [...acts(steps), last]
  }
}

function sorry(): Error {
  return Object.assign(new Error('thrown by the program'), { own: true })
}
