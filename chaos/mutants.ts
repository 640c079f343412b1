import { type Mutant, off } from './mutant.ts'
import type { Script } from './script/script.ts'

const SINGLE = [1, 1]

/** What would be given back is kept for a later invocation. */
function keepingConnections(script: Script): Script {
  return JSON.parse(JSON.stringify(script), (key, value) =>
    key === 'after' && value === 'release' ? 'store' : value,
  )
}

/** At least one for each promise that a run can break. */
export const MUTANTS: readonly Mutant[] = [
  off(
    'connections are opened without regard to the limit',
    'P1 more connections than allowed',
    'slots/slots.ts',
    'slots.size < this.#limits.connectionLimit)',
    'slots.size < 100)',
  ),
  off(
    'a connection that closes does not count',
    'P1 more connections than allowed',
    'slots/slots.ts',
    'slots.size < this.#limits.connectionLimit)',
    'slots.size - counts.closing < this.#limits.connectionLimit)',
  ),
  off(
    'an invocation that has ended may go on',
    'P2 a statement was sent after the end of its invocation',
    'invocation/invocation.ts',
    "if (this.phase !== 'live') {",
    "if (this.phase === 'expired') {",
  ),
  {
    ...off(
      'a call belongs to whichever invocation is under way',
      'P2 a statement was sent after the end of its invocation',
      'invocation/scope.ts',
      'if (position) return position.invocation',
      '',
    ),
    worlds: SINGLE,
  },
  {
    ...off(
      'what an invocation has left with connections is not taken back',
      'P2 a handle of an invocation that has ended was used',
      'invocation/ending.ts',
      'const left = [...leases]',
      'const left: Lease[] = []',
    ),
    worlds: SINGLE,
    shape: keepingConnections,
  },
  off(
    'what was left open is committed instead of rolled back',
    'P2 a transaction was committed before its end',
    'slots/cleaning.ts',
    "link.query('ROLLBACK', undefined, done)",
    "link.query('COMMIT', undefined, done)",
  ),
  off(
    'a transaction that was begun by hand is not seen',
    'P2 a transaction begun by hand was committed without a COMMIT',
    'slots/cleaning.ts',
    "if (link.dead || cleanup === 'evict') return false",
    "if (link.dead) return false\n  if (cleanup === 'rollback') return true",
  ),
  {
    name: 'a transaction is not guarded, and a nested one undoes the whole of it',
    breaks: 'P2 half of a transaction is there',
    changes: [
      {
        file: 'src/session-state.ts',
        find: 'return this.guarded && ended ?',
        replace: 'return this.guarded && ended && !this ?',
      },
      {
        file: 'src/handles/transaction.ts',
        find: 'query(`ROLLBACK TO SAVEPOINT',
        replace: 'query(`ROLLBACK -- ',
      },
    ],
  },
  off(
    'a nested transaction that failed is kept',
    'P2 a nested transaction that failed was not undone',
    'handles/transaction.ts',
    'if (!this.#over) await this.#undo(name)',
    '',
  ),
  {
    ...off(
      'a dirty session is not reset',
      'P3 variable of another invocation in the session',
      'slots/cleaning.ts',
      'await told((done) => link.reset(done))',
      'link.mark(0)',
    ),
    worlds: SINGLE,
  },
  {
    ...off(
      'what a reset does not clean is not thrown away',
      'P3 database of another invocation in the session',
      'policy/session.ts',
      'if (effect & BEYOND_RESET || (effect & STATE && proxied))',
      'if (effect & STATE && proxied)',
    ),
    worlds: SINGLE,
  },
  {
    ...off(
      'a session is not set up again after a reset',
      'P3 a session lacks what it was set up with',
      'slots/cleaning.ts',
      'await opener.setUp(link, true)',
      '',
    ),
    worlds: SINGLE,
  },
  off(
    'a statement whose connection was lost is sent again',
    'P4 a statement was sent twice',
    'handles/statement.ts',
    'if (error) reject(error)',
    "if ((error as { outcome?: string } | null)?.outcome === 'unknown') runAlone(scope, invocation, caller, method, sql, values).then(resolve as never, reject)\n          else if (error) reject(error)",
  ),
  off(
    'a statement in flight is told not to have been sent',
    "P4 'not-sent', but it was sent",
    'commands.ts',
    "undone ? error : withOutcome(error, 'unknown')",
    "undone ? error : withOutcome(error, 'not-sent')",
  ),
  off(
    'a statement whose connection was lost is told to have failed',
    'P4 it was told that it failed, but its row is there',
    'commands.ts',
    "undone ? error : withOutcome(error, 'unknown')",
    'error',
  ),
  off(
    'a statement whose connection was lost is told to be done',
    'P4 an acknowledged row is missing',
    'handles/statement.ts',
    'if (error) reject(error)',
    "if (error && (error as { outcome?: string }).outcome !== 'unknown') reject(error)",
  ),
  off(
    'COMMIT is not sent',
    'P4 an acknowledged transaction is missing',
    'link.ts',
    "this.connection.query('COMMIT', undefined, settle)",
    "this.connection.query('DO 0', undefined, settle)",
  ),
  {
    name: 'a stream whose connection was lost ends as if all had come',
    breaks: 'P4 a stream that was cut short ended well',
    changes: [
      { file: 'src/link.ts', find: 'failure = error\n        })', replace: 'void error\n        })' },
      {
        file: 'src/link.ts',
        find: 'this.#sendQuery(sql, values, start, done)\n  }\n\n  /** From its answer on',
        replace:
          "this.#sendQuery(sql, values, start, ((error: (Error & { outcome?: string }) | null, ...rest: never[]) => done(error?.outcome === 'unknown' ? null : error, ...rest)) as Done)\n  }\n\n  /** From its answer on",
      },
    ],
  },
  off(
    'a lost answer to COMMIT is told as a failure',
    'P4 a transaction was told that it failed, but it was committed',
    'handles/transacting.ts',
    ': commitUnknown(error as Error)',
    ": new WarmpoolError('ABORTED', 'rolled back')",
  ),
  {
    ...off(
      'an idle connection is used without a look at it',
      'P5 an invocation failed that nothing was done to',
      'policy/freshness.ts',
      "return 'probe'",
      "return 'reuse'",
    ),
    worlds: SINGLE,
    runtime: 'loop',
  },
  off(
    'a deadline is not watched',
    'P6 a statement waits past the deadline',
    'invocation/invocation.ts',
    'if (this.deadline === Number.POSITIVE_INFINITY) return\n    this.alarm',
    'if (this.deadline > 0) return\n    this.alarm',
  ),
  off(
    'a statement whose connection was lost is told nothing',
    'P6 what was asked for is never settled',
    'commands.ts',
    'current?.done(undone',
    'if (undone) current?.done(undone',
  ),
  off(
    'where a pool connects to is told with the password',
    'P8 a secret was printed',
    'connect-failed.ts',
    'placeOf(target)',
    'target.password',
  ),
  off(
    'the error of a connection that nobody uses is not listened for',
    'P9 the process crashed',
    'wire.ts',
    "connection.on('error', die)",
    '',
  ),
  {
    name: 'statements that queue on one connection are given the answer before theirs',
    breaks: "P10 the answer to somebody else's question",
    changes: [
      {
        file: 'src/commands.ts',
        find: 'readonly done: Done\n}',
        replace: 'readonly done: Done\n  before?: unknown\n  queued?: boolean\n}',
      },
      {
        file: 'src/commands.ts',
        find: 'else if (this.#current) this.#waiting.push(command)',
        replace: 'else if (this.#current) { command.queued = true; this.#waiting.push(command) }',
      },
      {
        file: 'src/commands.ts',
        find: 'if (next) this.#begin(next)',
        replace: 'if (next) { next.before = result; this.#begin(next) }',
      },
      {
        file: 'src/commands.ts',
        find: 'command.done(error, result, fields)\n      if (!next',
        replace:
          'command.done(error, (!error && command.queued && command.before ? command.before : result) as never, fields)\n      if (!next',
      },
    ],
  },
]
