/** What the command's exit code says. 130 is 128 and the number of SIGINT, as shells have it. */
export const EXIT = {
  /** All invocations were answered without an error. */
  answered: 0,
  /** An invocation ended with an error. */
  failed: 1,
  /** Wrong usage or input: an option, the event, the source of the handler. */
  usage: 2,
  /** The database or the container could not be started. */
  notStarted: 3,
  /** Ctrl-C, after cleaning up. */
  interrupted: 130,
} as const

export type ExitCode = (typeof EXIT)[keyof typeof EXIT]

/** Something that ends the command and is told in one sentence, without a stack. */
export class CommandError extends Error {
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, sentence: string, options?: ErrorOptions) {
    super(sentence, options)
    this.exitCode = exitCode
  }
}

/** @throws CommandError always: what was asked for, or what was given, is wrong */
export function refuse(sentence: string): never {
  throw new CommandError(EXIT.usage, sentence)
}

/** Runs a step; what it throws ends the command with that exit code, in the error's own words. */
export async function orExit<T>(exitCode: ExitCode, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (error) {
    if (error instanceof CommandError) throw error
    throw new CommandError(exitCode, messageOf(error), { cause: error })
  }
}

/** An error's message in one line. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.replace(/\s*\n\s*/g, ' ').trim()
}
