import { type Database, startDatabase } from '../database/database.ts'
import { surroundings } from '../database/sources.ts'
import { EXIT, orExit, refuse } from './failure.ts'
import type { Held } from './interruption.ts'
import { readSettings } from './settings.ts'
import { checkSetup, runSetup } from './setup.ts'

/** Which database a command runs on, known before it is started. */
export interface DatabasePlan {
  /** Somebody's own, which is used as it is; undefined is a private one. */
  readonly url: string | undefined
  /** The file that prepares it. */
  readonly setup: string | undefined
}

/** Names a function's database in its environment beside ours, which would then not be the one that is asked. */
const ANOTHER = ['DB_HOST', 'DB_PORT']

/**
 * Decides on the database: that of DATABASE_URL, given with `--env` or by the shell, else a private one. What package.json says
 * about the setup is for a private one only; `--setup` is done on either.
 *
 * @throws CommandError when the setup is no file, or `--env` names two databases
 */
export async function planDatabase(
  env: Readonly<Record<string, string>>,
  setup: string | undefined,
  directory = process.cwd(),
): Promise<DatabasePlan> {
  const url = env.DATABASE_URL ?? process.env.DATABASE_URL
  const another = ANOTHER.find((name) => name in env)
  if (another !== undefined && env.DATABASE_URL === undefined)
    refuse(
      `--env ${another} names a database beside the local one: say --no-database with it, or leave it out.`,
    )
  const wanted = setup ?? (url ? undefined : (await readSettings(directory)).setup)
  if (wanted !== undefined) checkSetup(wanted)
  return { url: url || undefined, setup: wanted }
}

/**
 * Starts it, or lets itself in, and prepares it.
 *
 * @param note told which one it is
 * @throws CommandError when it cannot be had or prepared
 */
export async function openDatabase(
  plan: DatabasePlan,
  held: Held,
  note: (text: string) => void,
): Promise<Database> {
  const { DATABASE_URL: _, ...env } = process.env
  const place = {
    ...surroundings(),
    env: { ...env, ...(plan.url !== undefined && { DATABASE_URL: plan.url }) },
  }
  const database = await orExit(EXIT.notStarted, () => held.keep(startDatabase({}, place)))
  const { host, port, database: schema } = database
  const whose = plan.url === undefined ? 'private' : 'of DATABASE_URL, used as it is'
  note(`Database: ${productName(database)}, ${whose} (${host}:${port}/${schema})`)
  if (plan.setup === undefined) return database
  const started = performance.now()
  await orExit(EXIT.notStarted, () => runSetup(plan.setup as string, database, held, note))
  note(`Setup: ${plan.setup}, ${Math.round(performance.now() - started)} ms`)
  return database
}

/** Such as `MariaDB 10.11.19`. */
function productName({ version }: Database): string {
  return `${version.includes('MariaDB') ? 'MariaDB' : 'MySQL'} ${version.split('-')[0]}`
}
