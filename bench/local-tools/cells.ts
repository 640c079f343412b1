import { LIFE } from './cells/life.ts'
import { MORE } from './cells/more.ts'
import { RUNS } from './cells/runs.ts'
import type { Tool } from './tool.ts'

/** What a tool was seen to do. */
export interface Seen {
  readonly shown: boolean
  /** In a few words, how or how far. */
  readonly note?: string | undefined
}

/** One line of the table: a thing that Lambda does, and how it is tried whether a tool shows it. */
export interface Cell {
  readonly title: string
  try(tool: Tool, facts: Facts): Promise<Seen>
}

export interface Facts {
  /** A file that nobody has written to. */
  file(): string
  /** Kills all connections to the database, on the server. */
  kill(): Promise<unknown>
}

export const CELLS: readonly Cell[] = [...RUNS, ...LIFE, ...MORE]
