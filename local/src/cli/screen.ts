import { stripVTControlCharacters } from 'node:util'
import pico from 'picocolors'
import type { Report } from './report.ts'
import { heading, type Looks, row } from './table.ts'

/** How much is to be told, and in which form. */
export interface ScreenOptions {
  readonly json: boolean
  readonly full: boolean
  readonly quiet: boolean
  /** Whether the columns of connections are shown. */
  readonly database: boolean
  /** Whether there may be several containers. */
  readonly containers: boolean
}

/** Where it is told; a terminal has `isTTY` and `columns`. */
export interface Outlet {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
}

export interface Outlets {
  readonly stdout: Outlet
  readonly stderr: Outlet
  readonly env: NodeJS.ProcessEnv
}

/** Where there is no terminal, or one that says 0. */
export const WIDTH = 120

/**
 * What the user sees: invocations on stdout, as rows or as JSON; all else on stderr. Colours only on a terminal, and not where
 * NO_COLOR is set. Silent from the moment that the signal is aborted.
 */
export class Screen {
  readonly #options: ScreenOptions
  readonly #outlets: Outlets
  readonly #signal: AbortSignal
  readonly #looks: Looks
  readonly #faint: Looks['colours']
  #headed = false

  constructor(options: ScreenOptions, signal: AbortSignal, outlets: Outlets = process) {
    const { stdout, stderr, env } = outlets
    this.#options = options
    this.#outlets = outlets
    this.#signal = signal
    this.#faint = pico.createColors(hasColours(stderr, env))
    const { full, database, containers } = options
    const width = stdout.columns || WIDTH
    this.#looks = { width, full, database, containers, colours: pico.createColors(hasColours(stdout, env)) }
  }

  /** The table's first line, so that what is printed meanwhile stands below it. */
  begin(): void {
    if (!this.#options.json && !this.#headed) this.#out(heading(this.#looks))
    this.#headed = true
  }

  /** An invocation. */
  report(report: Report): void {
    this.begin()
    this.#out(this.#options.json ? JSON.stringify(report) : row(report, this.#looks))
  }

  /** The last line: part of the table, but not of lines of JSON. */
  summary(text: string): void {
    this.#headed = false
    if (this.#options.json) this.note(text)
    else this.#out(this.#looks.colours.bold(text))
  }

  /** What came of an end that was asked for: after the table, or as another line of JSON. */
  ending(text: string, figures: object): void {
    this.#out(this.#options.json ? JSON.stringify(figures) : text)
  }

  /** What is good to know. */
  note(text: string): void {
    if (!this.#options.quiet) this.#err(this.#faint.dim(text))
  }

  /** What went wrong and does not end the command. */
  complaint(text: string): void {
    this.#err(this.#faint.red(text))
  }

  /** A line that a handler has printed. */
  log(line: string, container: number): void {
    if (this.#options.quiet) return
    const whose = this.#options.containers ? `${String(container).padStart(3)} ` : '    '
    this.#err(this.#faint.dim(`${whose}│ ${stripVTControlCharacters(line)}`))
  }

  #err(line: string): void {
    if (!this.#signal.aborted) this.#outlets.stderr.write(`${line}\n`)
  }

  #out(line: string): void {
    if (!this.#signal.aborted) this.#outlets.stdout.write(`${line}\n`)
  }
}

export function hasColours({ isTTY }: Outlet, { NO_COLOR, TERM }: NodeJS.ProcessEnv): boolean {
  return isTTY === true && !NO_COLOR && TERM !== 'dumb'
}
