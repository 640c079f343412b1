import { ON_COMMAND_LINE } from './advice.ts'
import type { Examination, Subject } from './examination.ts'
import type { Pool, Project } from './project.ts'

/** What stands on the command line; the rest is the environment's, as for a pool without options. */
export interface Given {
  readonly url: string | undefined
  readonly iam: boolean
  /** The id of a secret. */
  readonly secret: string | undefined
  /** PEM. */
  readonly ca: string | undefined
  readonly tls: boolean
  readonly proxy: boolean
}

/** A pool with these options. */
export function subjectOf(
  { warmpool }: Project,
  given: Given,
  env: NodeJS.ProcessEnv = process.env,
): Subject {
  const options = {
    ...(given.url !== undefined && { connection: given.url }),
    ...(given.proxy && { proxy: true }),
    ...(given.tls ? given.ca !== undefined && { tls: { ca: given.ca } } : { tls: false }),
    ...(given.iam && { credentials: warmpool.iam() }),
    ...(given.secret !== undefined && { credentials: warmpool.secret({ secretId: given.secret }) }),
  }
  return { ...subjectOfOptions({ warmpool }, options, sourceOf(given, env)), advice: ON_COMMAND_LINE }
}

/** @param options as for `createPool` */
export function subjectOfOptions(
  { warmpool }: Pick<Project, 'warmpool'>,
  options: object,
  source: string,
): Subject {
  return {
    source,
    reader: false,
    advice: [],
    settings: () => warmpool.resolveOptions(options),
    end: async () => {},
  }
}

/** The reader of what was looked at, where that could be a pool at all, and has one of its own. */
export function readerOf(examination: Examination): Subject | undefined {
  const { subject, settings, target } = examination as Partial<Examination> & Pick<Examination, 'subject'>
  const reader = settings?.reader
  if (!target || !reader) return undefined
  return {
    ...subject,
    source: `${subject.source}, its reader`,
    reader: true,
    settings: () => reader,
    end: async () => {}, // a pool ends its reader with itself
  }
}

/**
 * The pool, or the options of one, that a module of the program exports.
 *
 * @param module what it exports
 * @throws Error in one sentence
 */
export function subjectOfModule(
  project: Project,
  module: Readonly<Record<string, unknown>>,
  { file, exportName }: { readonly file: string; readonly exportName: string | undefined },
): Subject {
  const names = exportName === undefined ? Object.keys(module) : [exportName]
  const { settingsOf } = project.warmpool
  const found = names.find((name) => settingsOf(module[name]) !== undefined)
  const source = `${file}, ${found ?? exportName ?? 'default'}`
  const pool = found === undefined ? undefined : (module[found] as Pool)
  const settings = settingsOf(pool)
  if (pool && settings)
    return {
      source,
      reader: false,
      advice: [],
      settings: () => settings,
      end: (limit) => pool.end({ timeout: limit }),
    }
  const options = module[exportName ?? 'default']
  if (typeof options === 'object' && options !== null) return subjectOfOptions(project, options, source)
  throw new Error(
    `${file} exports neither a pool of warmpool${exportName === undefined ? '' : ` as ${exportName}`} nor, by default, the options of one.`,
  )
}

function sourceOf({ url }: Given, env: NodeJS.ProcessEnv): string {
  if (url !== undefined) return '--url'
  return env.DATABASE_URL ? 'DATABASE_URL' : 'DB_HOST, DB_PORT, DB_USER, DB_PASSWORD, DB_NAME'
}
