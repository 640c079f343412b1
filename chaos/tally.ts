import { accountOf } from './account.ts'
import { wordOf } from './judge/evidence.ts'
import type { Break, History } from './judge/history.ts'
import type { Script } from './script/script.ts'

/** A promise broken for the first time, and where. */
export interface Finding {
  readonly broken: Break
  readonly script: Script
  /** What happened around it. */
  readonly account: string
  times: number
}

/** What a run has seen. */
export class Tally {
  invocations = 0
  failed = 0
  rows = 0
  /** P1's two exceptions. */
  readonly connections = { beyond: 0, orphaned: 0 }
  readonly faults = new Map<string, number>()
  readonly outcomes = new Map<string, number>()
  /** By promise and rule. */
  readonly findings = new Map<string, Finding>()

  add(script: Script, history: History, breaks: readonly Break[]): void {
    this.invocations += history.invocations.length
    this.failed += history.invocations.filter(({ result }) => !result.ok).length
    this.rows += history.rows.length
    this.connections.beyond += history.connections.beyond
    this.connections.orphaned += history.connections.orphaned
    for (const { fault } of history.faults) count(this.faults, fault.kind)
    for (const report of history.reports)
      if (report.is === 'told') {
        const { told } = report
        const why = told.own ? ' (thrown by the program)' : told.code ? ` (${told.code})` : ''
        count(this.outcomes, `${wordOf(told, history.client)}${why}`)
      }
    for (const broken of breaks) this.#find(broken, script, history)
  }

  /** How often promises were broken, by promise. */
  get broken(): Map<string, number> {
    const broken = new Map<string, number>()
    for (const { broken: one, times } of this.findings.values())
      broken.set(one.promise, (broken.get(one.promise) ?? 0) + times)
    return broken
  }

  #find(broken: Break, script: Script, history: History): void {
    const key = `${broken.promise} ${broken.rule}`
    const known = this.findings.get(key)
    if (known) known.times++
    else this.findings.set(key, { broken, script, account: accountOf(broken, history), times: 1 })
  }
}

function count(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1)
}
