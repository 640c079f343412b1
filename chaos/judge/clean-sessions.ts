import type { Session } from '../handlers/reports.ts'
import type { Dirt, Op } from '../script/script.ts'
import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** P3: no session has anything of another invocation's, as the server saw it with each row and each read. */
export function cleanSessions(evidence: Evidence): Break[] {
  const { history } = evidence
  const seen: [string, Session][] = [
    ...history.rows.map((row): [string, Session] => [row.op, row]),
    ...history.reports.flatMap((report): [string, Session][] =>
      report.is === 'saw' ? [[report.op, report.session]] : [],
    ),
  ]
  const breaks = seen.flatMap(([op, session]) => {
    const invocation = invocationOf(op)
    const own = dirtOf(evidence.invocations.get(invocation)?.program ?? [])
    const found = foreign(session, history.schema, invocation).filter((kind) => !own.has(kind))
    return found.map((kind): Break => broken(op, kind, JSON.stringify(session)))
  })
  return [...breaks, ...temporaryTables(evidence)]
}

function broken(op: string, kind: Dirt, detail: string): Break {
  const rule = `${kind} of another invocation in the session`
  return { promise: 'P3', rule, op, invocation: invocationOf(op), detail }
}

function foreign(session: Session, schema: string, invocation: number): Dirt[] {
  const { mark, db, autocommit, locked, zone } = session
  return [
    ...(mark !== null && !mark.startsWith(`«${invocation}.`) ? ['variable' as const] : []),
    ...(db !== schema ? ['database' as const] : []),
    ...(Number(autocommit) !== 1 ? ['autocommit' as const] : []),
    ...(Number(locked) === 1 ? ['lock' as const] : []),
    ...(zone !== 'SYSTEM' ? ['time zone' as const] : []),
  ]
}

/** One that is there already was made by somebody: by this invocation, or by one before. */
function temporaryTables(evidence: Evidence): Break[] {
  return [...evidence.told]
    .filter(([, told]) => told.code === 'ER_TABLE_EXISTS_ERROR')
    .filter(([op]) => {
      const own = soilings(evidence.invocations.get(invocationOf(op))?.program ?? [])
      const tables = own.filter(({ kind }) => kind === 'temporary table')
      return tables[0]?.id === op
    })
    .map(([op, told]) => broken(op, 'temporary table', JSON.stringify(told)))
}

function dirtOf(program: readonly Op[]): Set<Dirt> {
  return new Set(soilings(program).map(({ kind }) => kind))
}

/** In the program's order; a connection's steps are all it has. */
function soilings(program: readonly Op[]): { kind: Dirt; id: string }[] {
  return program.flatMap((op) =>
    op.do === 'connection' ? op.steps.flatMap((step) => (step.do === 'dirt' ? [step] : [])) : [],
  )
}
