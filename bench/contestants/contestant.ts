/** What every contestant does once per invocation: finds one row by its key. */
export interface Event {
  readonly id: number
}

export const SELECT = 'SELECT id, name FROM t WHERE id = ?'
export const ROWS = 1000

export const url = process.env.DATABASE_URL as string

/** A file in this directory: a Lambda function as its author would write it. */
export interface Contestant {
  handler(event: Event, context: object): Promise<{ id?: number } | undefined>
  close(): Promise<void>
}
