import { Command } from 'commander'
import { type GivenDoctorOptions, readDoctorOptions } from './doctor-options.ts'

const EXAMPLES = `
Examples:
  The database of DATABASE_URL, or of DB_HOST, DB_PORT, DB_USER, DB_PASSWORD and DB_NAME:
    $ npx warmpool-local doctor
  By an IAM token, with an authority of one's own:
    $ DB_HOST=db.internal DB_USER=shop npx warmpool-local doctor --iam --ca authority.pem
  What a program has configured:
    $ npx warmpool-local doctor --pool src/database.ts

It connects as the warmpool that is installed here would, with the same options, and says of each step whether it is ok, a warning or a
fault, and what to do. After a fault on the way in the rest is skipped. Nothing is written, and no password or token is shown.

Exit codes:
  0    no fault
  1    a fault
  2    wrong usage: options
  3    there is no warmpool here that could be asked, or --pool could not be loaded`

/** @param done told the exit code */
export function doctorCommand(done: (exitCode: number) => void): Command {
  return new Command('doctor')
    .summary('look at the way to the database, step by step')
    .description(
      'Looks at the way to the database, step by step: name, port, TLS, credentials, connections, time-outs, rights.',
    )
    .optionsGroup('Where:')
    .option(
      '--url <url>',
      'mysql://user:password@host:port/database; default DATABASE_URL, else DB_HOST and the others',
    )
    .option(
      '--pool <file[:export]>',
      'a module that exports a pool of warmpool, or the options of one by default; its reader is looked at, too',
    )
    .optionsGroup('How:')
    .option('--iam', 'by an IAM token, as with credentials: iam()')
    .option(
      '--secret <id>',
      "by a secret of AWS Secrets Manager, as with credentials: secret({ secretId: '<id>' })",
    )
    .option('--ca <file>', 'TLS that trusts these authorities (PEM), as with tls: { ca }')
    .option('--no-tls', 'no TLS, as with tls: false')
    .option('--proxy', 'as through RDS Proxy, as with proxy: true')
    .optionsGroup('What is told:')
    .option('--timeout <time>', 'how long one answer may take: 2s, 500ms; default 5s')
    .option('--json', 'one JSON document, and nothing else on stdout')
    .addHelpText('after', EXAMPLES)
    .action(async (given: GivenDoctorOptions) => {
      const options = readDoctorOptions(given)
      const { doctor } = await import('./doctor.ts')
      done(await doctor(options))
    })
}
