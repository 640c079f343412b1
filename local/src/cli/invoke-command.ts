import { Command } from 'commander'
import { untilInterrupted } from './interruption.ts'
import { type GivenOptions, readInvokeOptions } from './invoke-options.ts'

const EXAMPLES = `
Examples:
  Five invocations of one container, frozen for 2 s before each but the first:
    $ npx warmpool-local invoke handlers/get-order.ts --event order.json --times 5 --freeze 2s
  The same with the server closing its connections meanwhile:
    $ npx warmpool-local invoke handlers/get-order.ts --times 5 --freeze 2s --kill-while-frozen
  A function of serverless.yml, with its environment and timeout:
    $ npx warmpool-local invoke getOrder --event '{"pathParameters":{"id":"1"}}'
  Another export, ten invocations at once, as lines of JSON:
    $ npx warmpool-local invoke handlers/orders.ts:list --concurrency 10 --json | jq .durationMs
  Again after each change of the source, on a database with a table:
    $ npx warmpool-local invoke handlers/orders.ts --setup schema.sql --watch

Columns:
  start     cold: a new container; warm: one that was idle; thawed: one that was frozen
  opened    connections the server let in during the invocation, in a cold one those of INIT too
  reused    connections that were open before and were used
  replaced  connections that were open before, are gone, and have another in their place
  server    connections the server has after it, of all containers

Exit codes:
  0    all invocations were answered without an error
  1    an invocation ended with an error
  2    wrong usage or input: options, event, source of the handler
  3    the database, its setup or the container could not be started
  130  Ctrl-C; everything that was started has been ended

Database: that of DATABASE_URL where it is set, else a private MariaDB or MySQL that is gone afterwards. A "setup" under
"warmpool-local" in package.json prepares a private one as --setup does.`

const LIST = (value: string, before: string[] = []) => [...before, value]

/** @param done told the exit code */
export function invokeCommand(done: (exitCode: number) => void): Command {
  return new Command('invoke')
    .summary('invoke a handler in a local Lambda that really freezes and thaws')
    .description(
      'Invokes a handler in a local Lambda, a real process under a Lambda runtime, and tells what became of its connections.',
    )
    .argument(
      '<handler>',
      'a source file (file.ts or file.ts:exportName), or the name of a function in serverless.yml',
    )
    .optionsGroup('What is invoked:')
    .option('-e, --event <file>', "a file of JSON, '-' for stdin, or JSON itself; default {}")
    .option('-n, --times <n>', 'how often; default 1')
    .option(
      '-c, --concurrency <n>',
      'invocations at once each time, which takes as many containers; default 1',
    )
    .option('--watch', 'invoke again when a source or the event file changes, until Ctrl-C')
    .optionsGroup('The container:')
    .option('-f, --freeze <time>', 'freeze before each invocation but the first: 2s, 500ms')
    .option('--kill-while-frozen', 'the server closes its connections meanwhile')
    .option('--late-fin <ms>', 'what the server sent meanwhile arrives so long after the thaw: 0 to 50')
    .option('--multi <n>', 'one container takes so many at once, as on Managed Instances')
    .option('--shutdown', "end it by Lambda's rules, and tell what the server has left of it")
    .option(
      '--runtime <name>',
      "ric (AWS's own client), loop (a stand-in) or auto; default auto: ric where it is installed",
    )
    .optionsGroup('The function:')
    .option('-t, --timeout <ms>', "its timeout, 3000 or 3s; default serverless.yml's, else 3000")
    .option(
      '-m, --memory <mb>',
      "its memory, told to it but not enforced; default serverless.yml's, else 1024",
    )
    .option('--env <name=value>', 'an environment variable; may be repeated', LIST)
    .option('--env-from <file>', 'a file of them; --env goes before it', LIST)
    .option('--config <file>', 'where functions are looked up; default serverless.yml')
    .option('--stage <name>', 'its stage')
    .option('--param <name=value>', 'one of its params; may be repeated', LIST)
    .optionsGroup('The database:')
    .option('--setup <file>', 'prepares it: .sql, or a module whose default export is called with its URL')
    .option('--delay <ms>', 'what is sent to it takes so long, and what it sends too; default 0')
    .option('--no-database', 'have none')
    .optionsGroup('What is told:')
    .option('--full', 'responses and errors whole, not cut to the width of the terminal')
    .option('--json', 'one line of JSON for each invocation, and nothing else on stdout')
    .option('-q, --quiet', "nothing of the handler's own output, and no notes")
    .addHelpText('after', EXAMPLES)
    .action(async (handler: string, given: GivenOptions) => {
      const options = readInvokeOptions(given)
      const { invoke } = await import('./invoke.ts') // a bundler and a database driver, which help need not wait for
      done(await untilInterrupted((held) => invoke(handler, options, held)))
    })
}
