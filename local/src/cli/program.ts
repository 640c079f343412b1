import { readFileSync } from 'node:fs'
import { Command, CommanderError } from 'commander'
import { doctorCommand } from './doctor-command.ts'
import { CommandError, EXIT, messageOf } from './failure.ts'
import { invokeCommand } from './invoke-command.ts'
import { startCommand } from './start-command.ts'

/** Where sentences and help go. */
export interface Streams {
  readonly out: (text: string) => void
  readonly err: (text: string) => void
}

const STREAMS: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
}

const EXAMPLES = `
Examples:
  $ npx warmpool-local invoke handlers/get-order.ts --event order.json --times 5 --freeze 2s
  $ npx warmpool-local doctor --url mysql://shop@localhost/shop
  $ npx warmpool-local invoke --help`

/**
 * Runs the command. What goes wrong is one sentence on stderr.
 *
 * @param args without the program's own name
 * @returns the exit code
 */
export async function run(args: readonly string[], streams: Streams = STREAMS): Promise<number> {
  let exitCode: number = EXIT.answered
  const program = makeProgram(streams, (code) => {
    exitCode = code
  })
  try {
    await program.parseAsync(args, { from: 'user' })
    return exitCode
  } catch (error) {
    return failed(error, streams)
  }
}

function makeProgram(streams: Streams, done: (exitCode: number) => void): Command {
  const program = new Command('warmpool-local')
    .description(
      'A local Lambda: handlers in real processes that are frozen, thawed and ended by its rules, over a real MySQL server.',
    )
    .version(version(), '-V, --version')
    .addHelpText('after', EXAMPLES)
  program.addCommand(invokeCommand(done))
  program.addCommand(startCommand(done))
  program.addCommand(doctorCommand(done))
  for (const command of [program, ...program.commands]) {
    command.exitOverride()
    command.configureOutput({
      writeOut: streams.out,
      writeErr: streams.err,
      outputError: (text) => streams.err(`${sentence(text)}; see npx ${pathOf(command)} --help.\n`),
    })
  }
  return program
}

function failed(error: unknown, { err }: Streams): number {
  // Commander has said it.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.answered : EXIT.usage
  err(`${messageOf(error)}\n`)
  return error instanceof CommandError ? error.exitCode : EXIT.notStarted
}

/** `error: unknown option '--evnt'\n(Did you mean --event?)` as the beginning of a sentence. */
function sentence(text: string): string {
  const said = text
    .replace(/^error: /, '')
    .replace(/\n?\(Did you mean (.*)\?\)/, ' (did you mean $1?)')
    // A URL in the wrong place has a password in it.
    .replace(/'(-[^=']*)=.*'/s, "'$1'")
    .replace(/(\w+:\/\/).*/s, '$1…')
    .trim()
    .replace(/\.$/, '')
  return said.charAt(0).toUpperCase() + said.slice(1)
}

function pathOf(command: Command): string {
  return command.parent ? `${pathOf(command.parent)} ${command.name()}` : command.name()
}

function version(): string {
  // The same two folders up from the source and from what is built of it.
  return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version
}
