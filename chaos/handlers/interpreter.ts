import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionStep, Op, Write } from '../script/script.ts'
import type { Handles, Lent, Runs } from './face.ts'
import { nameOf } from './instruments.ts'
import { report, type Session, toldOf, trueNow } from './reports.ts'
import { echo, insert, MANY, MANY_ROWS, soil } from './statements.ts'
import { TransactionActs } from './transaction-acts.ts'
import { waiting } from './waiting.ts'

type Of<What extends Op['do']> = Extract<Op, { do: What }>

/** Kept by an invocation for later ones. */
let stored: { readonly by: number; readonly runs: Runs } | undefined

/** Runs the program of one invocation, and reports what it asks for and is told. */
export class Interpreter {
  readonly #invocation: number
  readonly #deadline: number
  readonly #handles: Handles

  constructor(invocation: number, deadline: number, handles: Handles) {
    this.#invocation = invocation
    this.#deadline = deadline
    this.#handles = handles
  }

  async run(program: readonly Op[]): Promise<void> {
    for (const op of program) await this.#one(op)
  }

  async #one(op: Op): Promise<unknown> {
    switch (op.do) {
      case 'write':
        return this.#cared(op.care, this.write(this.#handles, op))
      case 'read':
        return this.#cared(op.care, this.#read(op))
      case 'transaction':
        return this.#cared(op.care, this.#transaction(op))
      case 'parallel':
        return Promise.all(op.branches.map((branch) => this.run(branch)))
      case 'stream':
        return this.#stream(op)
      case 'connection':
        return this.#connection(op)
      case 'use what was stored':
        return stored && this.write(stored.runs, op.steps[0], stored.by).catch(() => {})
      case 'later':
        return void sleep(op.ms).then(() => this.write(this.#handles, op.steps[0]).catch(() => {}))
      case 'pause':
        return sleep(op.ms)
      case 'outlive':
        return sleep(Math.max(0, this.#deadline + op.by - trueNow()))
      case 'never return':
        return sleep(60_000)
      case 'throw':
        throw Object.assign(new Error('thrown by the program'), { own: true })
    }
  }

  #cared(care: 'await' | 'swallow' | 'leave', work: Promise<unknown>): Promise<unknown> | undefined {
    if (care === 'await') return work
    const swallowed = work.catch(() => {})
    return care === 'swallow' ? swallowed : undefined
  }

  /** @param of whose handle that is, where it is a stored one */
  write(runs: Runs, { id, by, slow }: Write, of?: number): Promise<unknown> {
    return this.asked(id, () => runs[by](...insert(id, slow)), of)
  }

  /** Reports a question and its answer. */
  async asked<T>(op: string, ask: () => Promise<T>, of?: number): Promise<T> {
    const pending = waiting(this.#invocation)
    report({ is: 'asked', op, ...(of !== undefined && { of }) })
    pending.add(op)
    try {
      const answer = await ask()
      const wrote = (answer as [{ insertId?: number }] | undefined)?.[0]?.insertId
      report({ is: 'told', op, told: { ok: true, ...(wrote && { wrote }) } })
      return answer
    } catch (error) {
      report({ is: 'told', op, told: toldOf(error) })
      throw error
    } finally {
      pending.delete(op)
    }
  }

  async #read({ id, by }: Of<'read'>): Promise<void> {
    const answer = await this.asked(id, () => this.#handles[by](...echo(id)))
    const row = (answer as [({ name: string } & Session)[]])[0]?.[0]
    if (row?.name === nameOf(id)) report({ is: 'saw', op: id, session: row })
    else report({ is: 'mixed up', op: id, got: JSON.stringify(row).slice(0, 200) })
  }

  async #transaction(op: Of<'transaction'>): Promise<void> {
    const acts = new TransactionActs(op, this, this.#handles)
    report({ is: 'asked', op: op.id })
    try {
      await this.#handles.transaction(acts)
      report({ is: 'told', op: op.id, told: { ok: true } })
    } catch (error) {
      report({ is: 'told', op: op.id, told: toldOf(error) })
      throw error
    }
  }

  /** A stream that nobody listens to is given an ear, or its error would end the process, as with every stream. */
  async #stream({ id, take, after }: Of<'stream'>): Promise<void> {
    report({ is: 'asked', op: id })
    const rows = this.#handles.stream(MANY, [id])
    rows.on('error', () => {})
    try {
      const all = after === 'drain'
      const read = await this.#readRows(rows[Symbol.asyncIterator](), id, all ? MANY_ROWS + 1 : take)
      if (after === 'destroy') rows.destroy()
      report({ is: 'told', op: id, told: { ok: true, ...(all && { missing: MANY_ROWS - read }) } })
    } catch (error) {
      report({ is: 'told', op: id, told: toldOf(error) })
      throw error
    }
  }

  /** @returns how many there were */
  async #readRows(rows: AsyncIterator<{ readonly name: string }>, id: string, most: number): Promise<number> {
    for (let count = 0; count < most; count++) {
      const { done, value } = await rows.next()
      if (done) return count
      if (value.name !== id) report({ is: 'mixed up', op: id, got: JSON.stringify(value).slice(0, 200) })
    }
    return most
  }

  async #connection({ id, steps, after }: Of<'connection'>): Promise<void> {
    const lent = await this.asked(id, () => this.#handles.connection())
    if (after === 'store') stored = { by: this.#invocation, runs: lent }
    try {
      for (const step of steps) await this.#onConnection(lent, step)
    } finally {
      if (after === 'release') lent.release()
    }
  }

  #onConnection(lent: Lent, step: ConnectionStep): Promise<unknown> {
    if (step.do === 'write') return this.write(lent, step)
    if (step.do === 'dirt') return this.asked(step.id, () => lent.query(...soil(step.kind, step.id)))
    return this.asked(step.id, () => lent.query(step.do === 'begin' ? 'START TRANSACTION' : 'COMMIT'))
  }
}
