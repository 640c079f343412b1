/** A file in `soak/`: the same thing done to containers again and again, and a count of what went wrong. */
export interface Soak {
  /** What is done, in a sentence for the head of its table. */
  readonly title: string
  run(options: SoakOptions): Promise<Outcome>
}

export interface SoakOptions {
  /** How many times. */
  readonly cycles: number
  /** Of what is done at random. */
  readonly seed: number
  /** Aborted by Ctrl-C, and when the time is over: the cycle under way is the last. Default never. */
  readonly signal?: AbortSignal
  /** Prints a line: what it runs on, and now and then how far it is. */
  log(line: string): void
}

export interface Outcome {
  /** What was counted. A column that a row does not have is left empty. */
  readonly table: Readonly<Record<string, Readonly<Record<string, string | number>>>>
  /** What was promised and not kept, a sentence each. */
  readonly broken: readonly string[]
}
