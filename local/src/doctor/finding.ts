export type Verdict = 'ok' | 'warning' | 'fault' | 'skipped'

/** What a step has found, in clauses: without a capital, without a full stop. */
export interface Finding {
  readonly verdict: Verdict
  readonly said: string
  /** What to do, where there is anything. */
  readonly todo?: string
  /** The same for programs; times in milliseconds. */
  readonly facts: Readonly<Record<string, unknown>>
}

type Facts = Finding['facts']

export function ok(said: string, facts: Facts = {}): Finding {
  return { verdict: 'ok', said, facts }
}

export function warning(said: string, todo: string, facts: Facts = {}): Finding {
  return { verdict: 'warning', said, todo, facts }
}

export function fault(said: string, todo?: string, facts: Facts = {}): Finding {
  return { verdict: 'fault', said, ...(todo !== undefined && { todo }), facts }
}

export function skipped(said: string): Finding {
  return { verdict: 'skipped', said, facts: {} }
}

/** Several things to say of one step: the worst verdict is the step's. */
export function together(findings: readonly [Finding, ...Finding[]]): Finding {
  const worst = findings.find(({ verdict }) => verdict === 'fault') ?? findings.find(isWarning)
  const todo = findings.flatMap((finding) => finding.todo ?? []).join('; ')
  return {
    verdict: worst?.verdict ?? 'ok',
    said: findings.map(({ said }) => said).join('; '),
    ...(todo !== '' && { todo }),
    facts: Object.assign({}, ...findings.map(({ facts }) => facts)),
  }
}

function isWarning({ verdict }: Finding): boolean {
  return verdict === 'warning'
}

/** `1 container`, `3 containers`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`
}

/** Milliseconds as they are read. */
export function inMs(milliseconds: number): string {
  return `${milliseconds >= 10 ? Math.round(milliseconds) : milliseconds.toFixed(1)} ms`
}
