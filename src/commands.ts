import { clock } from './clock.ts'
import type { Done } from './driver.ts'
import { withOutcome } from './errors.ts'

export interface Command {
  /** Its SQL text, or what else it is. */
  readonly what: string
  readonly start: (settle: Done) => void
  readonly done: Done
}

/** Who has the connection: until when he may start something, and why not after that. */
export interface Limit {
  /** Wall clock, milliseconds. */
  readonly deadline: number
  tooLate(): Error
}

/** What is in flight. */
export interface Running {
  readonly what: string
  /** Wall clock of its start, milliseconds. */
  readonly since: number
}

/**
 * One command at a time, first come first served. mysql2 has a queue of its own, but sends what stands in it the moment a
 * statement is killed, and never settles what a destroyed connection still owed; so it is given one command, and the others
 * wait here, where they can be refused.
 */
export class Commands {
  /** Sees every answer before its caller does. It may call {@link fail}. */
  readonly #observe: Done
  /** Of whoever has the connection now; none while nobody has, and what is sent is our own. */
  limit: Limit | undefined
  #current: Command | undefined
  /** By the clock, milliseconds: of the start of what was started last, at first of the dialling. */
  #since = clock.now()
  #waiting: Command[] = []
  #refusal: Error | undefined
  #quiet: (() => void)[] = []

  constructor(observe: Done) {
    this.#observe = observe
  }

  /** Why nothing more starts, when so. */
  get refusal(): Error | undefined {
    return this.#refusal
  }

  /** Why nothing can start now. A loop that stood still sends what was waiting before it looks at its timers: so the clock is asked. */
  get bar(): Error | undefined {
    return this.#refusal ?? this.#late(clock.now())
  }

  get running(): Running | undefined {
    return this.#current && { what: this.#current.what, since: this.#since }
  }

  /** By the clock, milliseconds: of what was started last, in flight or not. */
  get lastStart(): number {
    return this.#since
  }

  /** Whether something is in flight. */
  get busy(): boolean {
    return this.#current !== undefined
  }

  /** Resolves when nothing is in flight, whether answered or lost. */
  whenQuiet(): Promise<void> {
    if (!this.#current) return Promise.resolve()
    return new Promise((resolve) => this.#quiet.push(resolve))
  }

  send(command: Command): void {
    if (this.#refusal) command.done(withOutcome(this.#refusal, 'not-sent'))
    else if (this.#current) this.#waiting.push(command)
    else this.#begin(command)
  }

  /** Starts nothing more, the waiting ones neither; the one in flight goes on. `undefined` starts again. */
  refuse(refusal: Error | undefined): void {
    this.#refusal = refusal
    if (!refusal) return
    for (const command of this.#waiting.splice(0)) command.done(withOutcome(refusal, 'not-sent'))
  }

  /** Takes the command with this callback out of the line. @returns whether it still stood there */
  withdraw(done: Done, error: Error): boolean {
    const at = this.#waiting.findIndex((command) => command.done === done)
    if (at < 0) return false
    this.#waiting.splice(at, 1)
    done(withOutcome(error, 'not-sent'))
    return true
  }

  /**
   * The connection is gone: the one in flight may have taken effect, the others have not.
   *
   * @param undone the server has said that the one in flight has taken none
   */
  fail(error: Error, undone = false): void {
    const current = this.#current
    this.#current = undefined
    this.refuse(error)
    current?.done(undone ? error : withOutcome(error, 'unknown'))
    this.#hush()
  }

  #begin(command: Command): void {
    this.#current = command
    const now = clock.now()
    const late = this.#late(now)
    if (!late) this.#since = now
    const settle: Done = (error, result, fields) => {
      if (this.#current === command) this.#observe(error, result, fields)
      if (this.#current !== command) return
      this.#current = undefined
      const next = this.#waiting.shift()
      if (next) this.#begin(next)
      command.done(error, result, fields)
      if (!next && this.#quiet.length > 0) this.#hush()
    }
    if (late) process.nextTick(settle, withOutcome(late, 'not-sent'))
    else attempt(settle, () => command.start(settle))
  }

  #late(now: number): Error | undefined {
    return this.limit && now >= this.limit.deadline ? this.limit.tooLate() : undefined
  }

  #hush(): void {
    for (const resolve of this.#quiet.splice(0)) resolve()
  }
}

/**
 * mysql2 throws some refusals of bad arguments; with us they all come through the callback. Later, as answers do: whoever gives
 * his connection back then may hand it to the next, who fails as well, and so on.
 */
export function attempt(done: Done, run: () => void): void {
  try {
    run()
  } catch (error) {
    process.nextTick(done, error)
  }
}
