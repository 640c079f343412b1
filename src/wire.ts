import type { Socket } from 'node:net'
import type { ConnectionOptions } from 'mysql2'
import { Commands, type Limit, type Running } from './commands.ts'
import { Dialling } from './dialling.ts'
import type { Address, Done, DriverConnection, Login } from './driver.ts'
import { addressOf, affectedRows, connect, connectionLost, noAnswer, skipsSpace, statusOf } from './driver.ts'
import { withOutcome } from './errors.ts'
import { connectionOver, type Fault, interrupted, neverRead, type Stage } from './policy/faults.ts'
import type { Effect } from './policy/session.ts'
import { undoneWhenStopped } from './policy/stopping.ts'
import { provesWriter } from './policy/writer.ts'
import { explainProxys } from './proxys-errors.ts'
import { SessionState } from './session-state.ts'
import type { Target } from './target/target.ts'

/** What to say to whoever runs something that is stopped. @param word the server's own, that it was stopped and undone */
export type Stopped = (word: Error | undefined) => Error

/** The server's own word in its greeting: SERVER_STATUS_AUTOCOMMIT. */
const AUTOCOMMIT = 0x0002

/** The life of one server connection, from the dialling to the close: one command at a time, and the end in any of its forms. */
export class Wire {
  /** Settles when the server has let us in, or has not. */
  readonly opened: Promise<void>
  /** Resolves when the socket is closed: only then does it no longer count. Never rejects. */
  readonly closed: Promise<void>
  /** Called once when the link turns out to be unusable, unless we closed it ourselves by `quit`. */
  onDeath: (error: Error) => void = () => {}
  /** Called once, when a statement has proved that the server takes writes. */
  onWrite: (() => void) | undefined
  protected readonly connection: DriverConnection
  protected readonly session = new SessionState()
  protected readonly commands = new Commands((error, result, fields) =>
    this.#observe(error, result, statusOf(result, fields)),
  )
  /** What was dialled; under TLS the connection's stream is another one. */
  readonly #socket: Socket
  readonly #notOpened: (error: Error) => void
  #address: Address | undefined
  #autocommits = true
  #paused = false
  #death: Error | undefined
  /** Missing once the server has let us in. */
  #dialling: Dialling | undefined
  #stopped: Stopped | undefined

  /** @param address where exactly, when it must be one server among those that the target's name stands for */
  constructor(target: Target, login: Login, address?: Address) {
    const connection = connect(target, login, address)
    this.connection = connection
    this.#socket = connection.stream
    const [opened, closed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    this.opened = opened.promise
    this.closed = closed.promise
    this.#notOpened = opened.reject
    this.#dialling = new Dialling(connection, target, address, () => this.destroy(noAnswer()))
    const die = (error = connectionLost()) => this.#die(error)
    connection.on('error', die)
    connection.on('end', () => die())
    connection.stream.once('close', () => {
      die()
      closed.resolve()
    })
    connection.once('connect', () => {
      this.session.status = connection._handshakePacket?.statusFlags ?? 0
      this.#autocommits = (this.session.status & AUTOCOMMIT) !== 0
      this.#address = addressOf(connection.stream, target)
      this.#dialling = undefined
      // After TLS the stream is another one, which mysql2 watches only for errors.
      connection.stream.once('end', () => die())
      connection.stream.once('close', () => die())
      opened.resolve()
    })
  }

  /** What its opening waits for, as long as it does. */
  get stage(): Stage | undefined {
    return this.#dialling?.stage
  }

  /** Bytes of the server so far; under TLS some count twice. */
  get heard(): number {
    return this.#socket.bytesRead + this.connection.stream.bytesRead
  }

  get threadId(): number {
    return this.connection.threadId
  }

  /** Of the server on the other end, as the socket has it. */
  get address(): Address | undefined {
    return this.#address
  }

  /** Whether the server's sessions begin with autocommit on. */
  get autocommits(): boolean {
    return this.#autocommits
  }

  /** Whether the driver has asked for IGNORE_SPACE, with which a blank may stand before the parenthesis of a function. */
  get ignoresSpace(): boolean {
    return skipsSpace(this.connection)
  }

  /** mysql2's view of the connection's options, without what must not be printed. */
  get config(): ConnectionOptions {
    const { password: _, authPlugins: __, ...shown } = this.connection.config
    return shown
  }

  get dead(): boolean {
    return this.#death !== undefined
  }

  /** Whether what is in flight is being stopped. */
  get stopping(): boolean {
    return this.#stopped !== undefined
  }

  /** What is in flight. */
  get running(): Running | undefined {
    return this.commands.running
  }

  /** When a command was started last, by the clock, milliseconds: since then, at most, the server has heard nothing. */
  get lastStart(): number {
    return this.commands.lastStart
  }

  /** Whether a command is in flight. */
  get busy(): boolean {
    return this.commands.busy
  }

  /** Resolves when nothing is in flight, whether answered or lost. */
  whenQuiet(): Promise<void> {
    return this.commands.whenQuiet()
  }

  /** Holds the socket back, while rows come faster than they are used. */
  pause(): void {
    this.#paused = true
    this.connection.pause()
  }

  resume(): void {
    this.#paused = false
    this.connection.resume()
  }

  /**
   * Runs a command in its turn.
   *
   * @param what its text, or what else it is
   * @param effect what it may leave behind in the session
   */
  run(what: string, effect: Effect, start: (settle: Done) => void, done: Done): void {
    // Noted when it starts, not before: the OK of the command ahead of it says nothing about this one.
    const noted = (settle: Done) => {
      this.session.effect |= effect
      start(settle)
    }
    this.commands.send({ what, start: noted, done })
  }

  /** Refuses every command from now on, the queued ones too; the one in flight goes on. */
  cutOff(error: Error): void {
    this.commands.refuse(error)
  }

  /** Whoever has it now starts nothing after his deadline. */
  lend(to: Limit): void {
    this.commands.limit = to
  }

  /** Takes commands again, unless it is dead. */
  readmit(): void {
    this.commands.limit = undefined
    this.session.guarded = false
    if (this.#paused) this.resume()
    this.commands.refuse(this.#death)
  }

  /** Takes back a command that has not been sent, by its callback. @returns whether there was one */
  withdraw(done: Done, error: Error): boolean {
    return this.commands.withdraw(done, error)
  }

  /**
   * Starts nothing more. What is in flight is being stopped by other means, and its caller gets `stopped`, whether it ended by
   * that, with the link, or of itself: an interrupted SLEEP() or GET_LOCK() looks like a success. A failure is a failure.
   *
   * @param refusal for what has not been sent
   */
  stop(refusal: Error, stopped: Stopped): void {
    this.#stopped = stopped
    this.cutOff(refusal)
    if (this.#paused) this.resume() // rows that nobody takes would keep the server's word from us
  }

  /** Says goodbye (COM_QUIT); the server closes. For a link that is not busy. */
  quit(): void {
    if (this.#death) return
    this.#death = connectionLost()
    this.commands.refuse(this.#death)
    this.connection.end(() => {})
  }

  /** Closes the socket at once. What was in flight may have taken effect. */
  destroy(error: Error = connectionLost()): void {
    this.#die(error)
    this.connection.stream.destroy()
  }

  #observe(error: Error | null, result: unknown, status: number | undefined): void {
    if (error) explainProxys(error)
    if (this.onWrite && affectedRows(result) > 0) this.#noteWrite(this.onWrite)
    if (this.#stopped && (!error || interrupted(error as Fault))) return this.#die(error ?? connectionLost())
    if (error && connectionOver(error as Fault)) this.#die(error)
    const over = this.session.answered(error, status)
    if (over) this.cutOff(over)
  }

  #noteWrite(onWrite: () => void): void {
    if (!provesWriter(this.running?.what ?? '', this.session.effect)) return
    this.onWrite = undefined
    onWrite()
  }

  #die(error: Error): void {
    if (this.#death) return
    this.#death = error
    if (this.#dialling) Object.assign(error, { stage: this.#dialling.stage })
    this.onDeath(error) // first: a caller who hears of it gives the link back at once, and it must not go to the next
    this.connection.stream.destroy()
    this.#notOpened(error)
    this.#failCommands(error)
  }

  #failCommands(error: Error): void {
    if (!this.#stopped && neverRead(error as Fault))
      return this.commands.fail(withOutcome(error, 'not-sent'), true)
    if (!this.#stopped) return this.commands.fail(error)
    const undone = interrupted(error as Fault) && undoneWhenStopped(this.running?.what ?? '')
    this.commands.fail(this.#stopped(undone ? error : undefined), undone)
  }
}
