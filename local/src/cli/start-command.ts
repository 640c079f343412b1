import { Command } from 'commander'
import { type GivenStartOptions, readStartOptions } from './start-options.ts'

const EXAMPLES = `
Examples:
  The service's HTTP API on http://127.0.0.1:3000, over a private database:
    $ npx warmpool-local start
  Another port and stage, containers frozen after half a second without a request:
    $ npx warmpool-local start --port 8080 --stage dev --freeze-after 500ms
  One with a secret that only an account knows, bundled again when a source changes:
    $ npx warmpool-local start --env API_KEY=secret --watch
  A function without a route, or any other, by an AWS client:
    $ aws lambda invoke --endpoint-url http://127.0.0.1:3000 --function-name importOrders out.json

One line for each request: method, path, status, duration, then what the container was (cold: a new one; warm: an idle one;
thawed: a frozen one), its number, and what the request did to its connections to the database.

What is as on AWS: routes by specificity, events of payload version 2.0, answers read as an HTTP API reads them, its 30 seconds, CORS by
provider.httpApi.cors, one container for each request at a time, reserved concurrency. What is not: authorizers are not asked, REST API
events (http) are not served, no stage in the path. An HTTP API streams no answers.

Exit codes:
  2    wrong usage or input: options, serverless.yml
  3    the port, the database or its setup could not be had
  130  Ctrl-C: requests under way were answered, then everything was ended; a second Ctrl-C ends it at once

Database: that of DATABASE_URL where it is set, else a private MariaDB or MySQL that is gone afterwards. It takes the place of the
functions' own: DATABASE_URL is set, DB_HOST, DB_PORT, DB_USER, DB_PASSWORD and DB_NAME get its values where a function has them, and
DB_AUTH is left out.`

const LIST = (value: string, before: string[] = []) => [...before, value]

/** @param done told the exit code */
export function startCommand(done: (exitCode: number) => void): Command {
  return new Command('start')
    .summary("serve the HTTP API of serverless.yml, each request in a container of Lambda's kind")
    .description(
      'Serves the HTTP API of serverless.yml: each function in as many local containers as it has requests at once, frozen when idle.',
    )
    .optionsGroup('Where:')
    .option('-p, --port <n>', 'the port; default 3000; 0 takes a free one')
    .option(
      '--host <address>',
      'the address to listen on; default 127.0.0.1, which only this machine reaches',
    )
    .optionsGroup('The service:')
    .option('--config <file>', 'its configuration; default serverless.yml')
    .option('--stage <name>', 'its stage')
    .option('--param <name=value>', 'one of its params; may be repeated', LIST)
    .option('--env <name=value>', 'an environment variable of every function; may be repeated', LIST)
    .option('--env-from <file>', 'a file of them; --env goes before it', LIST)
    .optionsGroup('The containers:')
    .option('--freeze-after <time>', 'freeze one that is idle for so long: 1s, 500ms, or never; default 1s')
    .option('--eager', 'bundle all functions at the start, not each with its first request')
    .option('--watch', 'bundle again when a source changes; the next request gets a new container')
    .option(
      '--runtime <name>',
      "ric (AWS's own client), loop (a stand-in) or auto; default auto: ric where it is installed",
    )
    .optionsGroup('The database:')
    .option('--setup <file>', 'prepares it: .sql, or a module whose default export is called with its URL')
    .option('--no-database', 'have none')
    .optionsGroup('What is told:')
    .option('--json', 'one line of JSON for each request, and nothing else on stdout')
    .option('-q, --quiet', "nothing of the handlers' own output, and no notes")
    .addHelpText('after', EXAMPLES)
    .action(async (given: GivenStartOptions) => {
      const options = readStartOptions(given)
      const { start } = await import('./start.ts') // a bundler and a database driver, which help need not wait for
      done(await start(options))
    })
}
