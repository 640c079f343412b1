import { ON_COMMAND_LINE } from './advice.ts'
import type { Examination, Subject } from './examination.ts'
import type { PoolWithReader, Project } from './project.ts'

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

/** As for `createPool`. */
type Options = object & { readonly reader?: object | undefined }

let subjects = 0

/** A pool with these options. */
export function subjectOf(
  { warmpool }: Project,
  given: Given,
  env: NodeJS.ProcessEnv = process.env,
): Subject {
  const options: Options = {
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
  options: Options,
  source: string,
): Subject {
  const name = `warmpool-local doctor ${++subjects}` // a pool of its own
  return {
    source,
    reader: false,
    advice: [],
    settings: () => warmpool.resolveOptions(options),
    pool: (limit) => warmpool.createPool({ ...options, ...ownOf(limit), name, reader: undefined }),
    // Apart, so that what is wrong with the reader is found where it is looked at.
    readerPool: (limit) => {
      const own = ownOf(limit)
      const reader = { ...options.reader, ...own }
      const pair = warmpool.createPool({ ...options, ...own, name: `${name}, its reader`, reader })
      return {
        getConnection: () => pair.reader.getConnection(),
        end: (options) => pair.end(options),
      }
    },
  }
}

function ownOf(limit: number) {
  return { connectionLimit: 1, connectTimeout: limit, prewarm: false }
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
    pool: subject.readerPool,
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
  const pool = found === undefined ? undefined : (module[found] as PoolWithReader)
  const settings = settingsOf(pool)
  if (pool && settings)
    return {
      source,
      reader: false,
      advice: [],
      settings: () => settings,
      pool: () => pool,
      readerPool: () => pool.reader,
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
