import type { Session } from '../handlers/reports.ts'
import type { Dirt, Op } from '../script/script.ts'
import { type Evidence, invocationOf } from './evidence.ts'
import type { Break } from './history.ts'

/** P3: no session has anything of another invocation's, or lacks what it was set up with, as the server saw it with each row and read. */
export function cleanSessions(evidence: Evidence): Break[] {
  const { history } = evidence
  const seen: [string, Session][] = [
    // What is written by the handle of another invocation, which still runs, is written in that one's session.
    ...history.rows
      .filter(({ op }) => !evidence.writes.get(op)?.stored)
      .map((row): [string, Session] => [row.op, row]),
    ...history.reports.flatMap((report): [string, Session][] =>
      report.is === 'saw' ? [[report.op, report.session]] : [],
    ),
  ]
  const breaks = seen.flatMap(([op, session]) => {
    const invocation = invocationOf(op)
    const own = dirtOf(evidence.invocations.get(invocation)?.program ?? [])
    const found = foreign(session, history.schema, invocation).filter((kind) => !own.has(kind))
    return found.map((kind): Break => left(op, kind, JSON.stringify(session)))
  })
  return [...breaks, ...temporaryTables(evidence), ...bareSessions(seen)]
}

function left(op: string, kind: Dirt, detail: string): Break {
  return broken(op, `${kind} of another invocation in the session`, detail)
}

function broken(op: string, rule: string, detail: string): Break {
  return { promise: 'P3', rule, op, invocation: invocationOf(op), detail }
}

/** The `wait_timeout` of a session that nobody has set up, MariaDB's and MySQL's, seconds. */
const BARE = 28_800

/** No program changes how long the server keeps an idle session: who sets that sets it for all, though not all the same. */
function bareSessions(seen: readonly [string, Session][]): Break[] {
  if (!seen.some(([, { lease }]) => lease !== BARE)) return []
  return seen
    .filter(([, { lease }]) => lease === BARE)
    .map(([op, session]) => broken(op, 'a session lacks what it was set up with', JSON.stringify(session)))
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
    .map(([op, told]) => left(op, 'temporary table', JSON.stringify(told)))
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
