import type { Socket } from 'node:net'
import { type Advice, faultOf, todoBy } from './advice.ts'
import type { Finding } from './finding.ts'
import type { Greeting } from './greeting.ts'
import type { Connection, Login, Pool, Project, Settings, Target, Trouble } from './project.ts'
import type { Server } from './server.ts'
import { wordsOf } from './words.ts'

/** What is looked at. */
export interface Subject {
  /** Where it was read, such as `DATABASE_URL`. */
  readonly source: string
  /** Whether it is a pool's reader, which needs no writer. */
  readonly reader: boolean
  /** What to do about an option that is refused, where that is not said in a program. */
  readonly advice: Advice
  /** How a pool of the project is set. @throws the project's own refusal of an option */
  settings(): Settings
  /** Ends what the program itself has opened. @param limit milliseconds */
  end(limit: number): Promise<void>
}

/** What the steps have come by so far. Each is there from its step on: after a fault there are no further steps. */
export class Examination {
  readonly project: Project
  readonly subject: Subject
  /** How long one answer may take, milliseconds. */
  readonly limit: number
  /** The program's own, but that `connection` is what its function gave, and that what `credentials` give is heard. */
  settings!: Settings
  target!: Target
  /** How long an answer has taken on the way so far, at most, milliseconds. */
  slowest = 0
  /** Nothing has been sent on it yet. */
  socket!: Socket
  greeting!: Greeting
  login: Login | undefined
  pool: Pool | undefined
  connection: Connection | undefined
  server!: Server
  readonly #secrets = new Set<string>()

  constructor(project: Project, subject: Subject, limit: number) {
    this.project = project
    this.subject = subject
    this.limit = limit
  }

  /** In the words of the project's own pool. */
  trouble(trouble: Trouble): Finding {
    const { sentence, words } = this.project.warmpool.connectTrouble(trouble)
    return faultOf(sentence, {
      ...(words !== undefined && { words }),
      ...(trouble.code !== undefined && { code: trouble.code }),
      ...(trouble.errno !== undefined && { errno: trouble.errno }),
    })
  }

  /** What the project's own warmpool has thrown. @param otherwise what to do where it does not say so itself */
  failure(error: unknown, facts: Finding['facts'], otherwise: Advice = []): Finding {
    const words = wordsOf(this.project.warmpool, error)
    const found = faultOf(words, facts)
    const todo = todoBy(this.subject.advice, words) ?? found.todo ?? todoBy(otherwise, words)
    return { ...found, ...(todo !== undefined && { todo }) }
  }

  /** Every password that was given so far: a server may repeat an earlier one than the last. */
  get secrets(): readonly string[] {
    return [...this.#secrets]
  }

  /** Takes down a password, whatever was given with it. */
  readonly hear = (given: unknown): void => {
    const { password } = Object(given)
    if (typeof password === 'string') this.#secrets.add(password)
  }

  async end(): Promise<void> {
    this.connection?.release()
    await this.pool?.end({ timeout: this.limit })
    await this.subject.end(this.limit)
    const { socket } = this as Partial<Pick<Examination, 'socket'>>
    socket?.destroy()
  }
}
