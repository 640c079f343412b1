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
  /** A pool of the project that is set so. @param limit how long connecting may take, milliseconds */
  pool(limit: number): Pool
  /** The same of its reader. */
  readerPool(limit: number): Pool
}

/** What the steps have come by so far. Each is there from its step on: after a fault there are no further steps. */
export class Examination {
  readonly project: Project
  readonly subject: Subject
  /** How long one answer may take, milliseconds. */
  readonly limit: number
  settings!: Settings
  target!: Target
  /** Nothing has been sent on it yet. */
  socket!: Socket
  greeting!: Greeting
  login: Login | undefined
  pool: Pool | undefined
  connection: Connection | undefined
  server!: Server

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

  /** What is no secret of itself but may hold one. */
  get secrets(): string[] {
    const { target, login } = this as Partial<Pick<Examination, 'target' | 'login'>>
    return [target?.password, login?.password].filter((secret) => secret !== undefined)
  }

  async end(): Promise<void> {
    this.connection?.release()
    await this.pool?.end({ timeout: this.limit })
    const { socket } = this as Partial<Pick<Examination, 'socket'>>
    socket?.destroy()
  }
}
