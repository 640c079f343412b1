import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Subject } from './examination.ts'
import type { Pool, Project } from './project.ts'
import { wordsOf } from './words.ts'

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

let subjects = 0

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
  return subjectOfOptions({ warmpool }, options, sourceOf(given, env))
}

/** @param options as for `createPool` */
export function subjectOfOptions(
  { warmpool }: Pick<Project, 'warmpool'>,
  options: object,
  source: string,
): Subject {
  const name = `warmpool-local doctor ${++subjects}` // a pool of its own
  return {
    source,
    settings: () => warmpool.resolveOptions(options),
    pool: (limit) =>
      warmpool.createPool({ ...options, name, connectionLimit: 1, connectTimeout: limit, prewarm: false }),
  }
}

/** The pool, or the options of one, that a module of the program exports. @throws Error in one sentence */
export async function subjectOfModule(
  project: Project,
  file: string,
  exportName: string | undefined,
): Promise<Subject> {
  const module: Record<string, unknown> = await import(pathToFileURL(resolve(file)).href).catch((error) => {
    throw new Error(`${file} could not be loaded: ${wordsOf(project.warmpool, error)}`)
  })
  const names = exportName === undefined ? Object.keys(module) : [exportName]
  const { settingsOf } = project.warmpool
  const found = names.find((name) => settingsOf(module[name]) !== undefined)
  const source = `${file}, ${found ?? exportName ?? 'default'}`
  const pool = found === undefined ? undefined : (module[found] as Pool)
  const settings = settingsOf(pool)
  if (pool && settings) return { source, settings: () => settings, pool: () => pool }
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
