import type { ConnectionOptions } from 'mysql2'
import { attempt, Commands } from './commands.ts'
import type { Done, DriverConnection, Login, RowSink, Sql } from './driver.ts'
import { bound, connect, connectionLost, statusOf } from './driver.ts'
import { withOutcome } from './errors.ts'
import { connectionOver, type Fault } from './policy/faults.ts'
import { BEYOND_RESET, CLEAN, type Effect, TRANSACTION } from './policy/session.ts'
import { SessionState } from './session-state.ts'
import type { Target } from './target/target.ts'
import { textStatement } from './text-statement.ts'

/** One server connection: its commands, what they may have left in its session, and its death. */
export class Link {
  /** Settles when the server has let us in, or has not. */
  readonly opened: Promise<void>
  /** Resolves when the socket is closed: only then does it no longer count. Never rejects. */
  readonly closed: Promise<void>
  /** Called once when the link turns out to be unusable, unless we closed it ourselves by `quit`. */
  onDeath: (error: Error) => void = () => {}
  readonly #connection: DriverConnection
  readonly #proxied: boolean
  readonly #notOpened: (error: Error) => void
  readonly #commands = new Commands((error, result, fields) => this.#observe(error, statusOf(result, fields)))
  readonly #session = new SessionState()
  #paused = false
  #death: Error | undefined

  constructor(target: Target, login: Login) {
    this.#proxied = target.proxied
    const connection = connect(target, login)
    this.#connection = connection
    const [opened, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.opened = opened.promise
    this.closed = closed.promise
    this.#notOpened = opened.reject
    const die = (error = connectionLost()) => this.#die(error)
    connection.on('error', die)
    connection.on('end', () => die())
    connection.stream.once('close', () => {
      die()
      closed.resolve()
    })
    connection.once('connect', () => {
      this.#session.status = connection._handshakePacket?.statusFlags ?? 0
      // After TLS the stream is another one, which mysql2 watches only for errors.
      connection.stream.once('end', () => die())
      connection.stream.once('close', () => die())
      opened.resolve()
    })
  }

  get threadId(): number {
    return this.#connection.threadId
  }

  /** mysql2's view of the connection's options, without what must not be printed. */
  get config(): ConnectionOptions {
    const { password: _, authPlugins: __, ...shown } = this.#connection.config
    return shown
  }

  /** What the statements since the last cleaning may have left behind. */
  get effect(): Effect {
    return this.#session.effect
  }

  get dead(): boolean {
    return this.#death !== undefined
  }

  /** Whether a command is in flight. */
  get busy(): boolean {
    return this.#commands.busy
  }

  /** Resolves when nothing is in flight, whether answered or lost. */
  whenQuiet(): Promise<void> {
    return this.#commands.whenQuiet()
  }

  query(sql: Sql, values: unknown, done: Done): void {
    this.#sendStatement(sql, values, (settle) => this.#connection.query(sql, values, settle), done)
  }

  /**
   * A prepared statement. The first one of a text is two commands, and the second is not sent when the link was cut off in
   * between. Through RDS Proxy, which pins prepared statements, it goes as text with the same meaning.
   */
  execute(sql: Sql, values: unknown, done: Done): void {
    if (this.#proxied) return this.#executeAsText(sql, values, done)
    const start = (settle: Done) => {
      const options = bound(this.#connection, sql, values)
      this.#connection.prepare(options, (error) => {
        if (error) return settle(error)
        const { refusal } = this.#commands
        if (refusal) return settle(withOutcome(refusal, 'not-sent'))
        attempt(settle, () => this.#connection.execute(options, undefined, settle))
      })
    }
    this.#sendStatement(sql, undefined, start, done)
  }

  /** Rows are handed over as they come and not kept. */
  rows(sql: Sql, values: unknown, sink: RowSink, done: Done): void {
    const start = (settle: Done) => {
      let failure: Error | null = null
      this.#connection
        .query(sql, values)
        .on('fields', sink.fields)
        .on('result', sink.row)
        .on('error', (error: Error) => {
          failure = error
        })
        .on('end', () => settle(failure))
    }
    this.#sendStatement(sql, values, start, done)
  }

  /** Holds the socket back, while rows come faster than they are used. */
  pause(): void {
    this.#paused = true
    this.#connection.pause()
  }

  resume(): void {
    this.#paused = false
    this.#connection.resume()
  }

  /** From its answer on nothing runs outside the transaction: should the server end it, the rest is refused. */
  begin(done: Done): void {
    const start = (settle: Done) =>
      this.#connection.query('START TRANSACTION', undefined, (error, result, fields) => {
        this.#session.guarded = !error
        settle(error, result, fields)
      })
    this.run(TRANSACTION, start, done)
  }

  commit(done: Done): void {
    const start = (settle: Done) => {
      this.#session.guarded = false
      this.#connection.query('COMMIT', undefined, settle)
    }
    this.run(CLEAN, start, done)
  }

  ping(done: Done): void {
    this.run(CLEAN, (settle) => this.#connection.ping(settle), done)
  }

  /**
   * Clears the session on the server: transaction, temporary tables, variables, locks, prepared statements.
   *
   * @param leaves what has to be cleaned all the same: a user's reset takes our own session variables with it
   */
  reset(done: Done, leaves: Effect = CLEAN): void {
    const start = (settle: Done) =>
      this.#connection.reset((error) => {
        if (!error) this.#session.wasReset(leaves)
        settle(error)
      })
    this.run(CLEAN, start, done)
  }

  changeUser(options: ConnectionOptions, done: Done): void {
    this.run(BEYOND_RESET, (settle) => this.#connection.changeUser(options, settle), done)
  }

  prepare(sql: Sql, done: Done): void {
    this.run(CLEAN, (settle) => this.#connection.prepare(sql, settle), done)
  }

  unprepare(sql: Sql): void {
    this.#connection.unprepare(sql)
  }

  /** Refuses every command from now on, the queued ones too; the one in flight goes on. */
  cutOff(error: Error): void {
    this.#commands.refuse(error)
  }

  /** Takes commands again, unless it is dead. */
  readmit(): void {
    this.#session.guarded = false
    if (this.#paused) this.resume()
    this.#commands.refuse(this.#death)
  }

  /** Says what is left behind in the session where the statements do not show it. */
  mark(effect: Effect): void {
    this.#session.effect = effect
  }

  /** Says goodbye (COM_QUIT); the server closes. For a link that is not busy. */
  quit(): void {
    if (this.#death) return
    this.#death = connectionLost()
    this.#commands.refuse(this.#death)
    this.#connection.end(() => {})
  }

  /** Closes the socket at once. What was in flight may have taken effect. */
  destroy(error: Error = connectionLost()): void {
    this.#die(error)
    this.#connection.stream.destroy()
  }

  #executeAsText(sql: Sql, values: unknown, done: Done): void {
    attempt(done, () => {
      const text = textStatement(this.#connection, sql, values, this.#session.status)
      const start = (settle: Done) => this.#connection.query(text, undefined, settle)
      this.#sendStatement(typeof sql === 'string' ? sql : sql.sql, undefined, start, done)
    })
  }

  /** A value that throws when it is read fails its statement, and nothing else. */
  #sendStatement(sql: Sql, values: unknown, start: (settle: Done) => void, done: Done): void {
    attempt(done, () => this.run(this.#session.effectOf(sql, values), start, done))
  }

  /** Runs a command in its turn. For those of the driver's own, such as a prepared statement's `execute`. */
  run(effect: Effect, start: (settle: Done) => void, done: Done): void {
    // Noted when it starts, not before: the OK of the command ahead of it says nothing about this one.
    const noted = (settle: Done) => {
      this.#session.effect |= effect
      start(settle)
    }
    this.#commands.send({ start: noted, done })
  }

  #observe(error: Error | null, status: number | undefined): void {
    if (error && connectionOver(error as Fault)) this.#die(error)
    const over = this.#session.answered(error, status)
    if (over) this.cutOff(over)
  }

  #die(error: Error): void {
    if (this.#death) return
    this.#death = error
    this.onDeath(error) // first: a caller who hears of it gives the link back at once, and it must not go to the next
    this.#connection.stream.destroy()
    this.#notOpened(error)
    this.#commands.fail(error)
  }
}
