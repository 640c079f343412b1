import type { Method, Op, Write } from './script.ts'

/** Names each operation of an invocation: `12.3` is the fourth of invocation 12. Rows, reports and packets carry these names. */
export function numbered(program: readonly Op[], invocation: number): Op[] {
  let next = 0
  const named = <T>(value: T): T => {
    if (Array.isArray(value)) return value.map(named) as T
    if (typeof value !== 'object' || value === null) return value
    const id = 'id' in value ? { id: `${invocation}.${next++}` } : {}
    const rest = Object.entries(value).map(([key, part]) => [key, key === 'id' ? part : named(part)])
    return { ...Object.fromEntries(rest), ...id } as T
  }
  return named([...program])
}

/** What the script alone says about a write. */
export interface WriteFacts {
  /** The transaction that it is part of, and the nested ones inside that, outermost first. */
  readonly within: readonly string[]
  /** Written on a connection whose transaction was begun by hand, or where nothing commits by itself. */
  readonly byHand: boolean
  /** What may save it then: the next COMMIT, or the next BEGIN, which commits what is open. */
  readonly commit: string | undefined
  readonly by: Method
  /** Through a handle that an invocation has kept. */
  readonly stored: boolean
}

/** The writes of numbered programs. */
export function writesOf(program: readonly Op[]): Map<string, WriteFacts> {
  const facts = new Map<string, WriteFacts>()
  const plain: WriteFacts = { within: [], byHand: false, commit: undefined, by: 'query', stored: false }
  for (const op of program) collect(op, plain, facts)
  return facts
}

interface Node {
  readonly do: string
  readonly id?: string
  readonly steps?: readonly Node[]
  readonly branches?: readonly (readonly Node[])[]
}

function collect(op: Node, around: WriteFacts, facts: Map<string, WriteFacts>): void {
  if (op.do === 'write') return void facts.set((op as Write).id, { ...around, by: (op as Write).by })
  if (op.do === 'connection') return collectByHand(op.steps ?? [], around, facts)
  const inside = ['transaction', 'nest'].includes(op.do)
    ? { ...around, within: [...around.within, op.id as string] }
    : op.do === 'beside'
      ? { ...around, within: [] }
      : { ...around, stored: op.do === 'use what was stored' }
  for (const step of [...(op.steps ?? []), ...(op.branches ?? []).flat()]) collect(step, inside, facts)
}

/** From BEGIN, or from autocommit's end, on nothing is saved but by the next COMMIT. */
function collectByHand(steps: readonly Node[], around: WriteFacts, facts: Map<string, WriteFacts>): void {
  let [open, manual] = [false, false]
  for (const [i, step] of steps.entries()) {
    if (step.do === 'begin') open = true
    if (step.do === 'dirt' && (step as { kind?: string }).kind === 'autocommit') manual = true
    if (step.do === 'commit') open = false
    if (step.do !== 'write') continue
    const byHand = open || manual
    const saves = steps.slice(i).find((later) => later.do === 'commit' || later.do === 'begin')
    const commit = byHand ? saves?.id : undefined
    facts.set(step.id as string, { ...around, byHand, commit, by: (step as Write).by })
  }
}
