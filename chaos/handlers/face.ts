/** What every client can do, each in its own way. */
export interface Face {
  /** The handler as users of the client write it, without middy and with it; `work` has the client's handles. */
  readonly handlers: Record<'wrap' | 'middy', (work: Work) => Handler>
}

export type Handler = (event: never, context: object) => Promise<unknown>
export type Work = (event: never, handles: Handles) => Promise<unknown>

export type Run = (sql: string, values?: unknown[]) => Promise<unknown>

export interface Runs {
  readonly query: Run
  readonly execute: Run
}

export interface Handles extends Runs {
  transaction(acts: Acts): Promise<void>
  connection(): Promise<Lent>
  /** The rows of a query one by one. */
  stream(sql: string, values: unknown[]): Rows
}

export interface Lent extends Runs {
  release(): void
}

export interface Rows extends AsyncIterable<{ readonly name: string }> {
  destroy(): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
}

/** A transaction's work, whichever way a client wants it. */
export interface Acts {
  /** As a callback. */
  run(tx: Nesting): Promise<void>
  /** As a list of statements; each is asked for when its turn has come, and settled by that of the next. */
  readonly list: readonly (() => [string, unknown[]] | [])[]
}

export interface Nesting extends Runs {
  nest(work: (part: Nesting) => Promise<void>): Promise<void>
}

/** How many connections the container may have. */
export const connectionLimit = Number(process.env.CHAOS_LIMIT)
export const url = process.env.DATABASE_URL as string
