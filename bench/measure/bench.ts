import type { Database } from '../../local/src/database/database.ts'
import type { Figure } from './figure.ts'

/** A file in `bench/`. */
export interface Bench {
  /** What is measured, and how, in a sentence or two for the head of its table. */
  readonly title: string
  run(database: Database): Promise<Table>
}

/** Figures by row and column. */
export type Table = Record<string, Record<string, Figure>>
