import { statSync } from 'node:fs'
import { relative } from 'node:path'
import { chooseFunction } from '../service/choose-function.ts'
import { readService, type Service } from '../service/service.ts'
import { EXIT, orExit, refuse } from './failure.ts'

/** What is to be invoked. */
export interface Target {
  /** As it is told. */
  readonly name: string
  /** The handler's source file. */
  readonly source: string
  readonly exportName: string
  /** Milliseconds; undefined where nothing says it. */
  readonly timeout: number | undefined
  /** Megabytes; undefined where nothing says it. */
  readonly memory: number | undefined
  /** The function's variables, once it is known where its database is; undefined for none of ours. */
  environment(databaseUrl: string | undefined): Record<string, string>
}

/** Where a function's name is looked up, and what goes before what is written there. */
export interface Lookup {
  /** The service's file; undefined is a serverless.yml in the working directory. */
  readonly config: string | undefined
  readonly stage: string | undefined
  readonly params: Readonly<Record<string, string>>
  readonly env: Readonly<Record<string, string>>
  /** Whether a database of ours takes the place of the function's. */
  readonly database: boolean
}

const SOURCE = /^(.+\.[cm]?[jt]sx?)(?::([\p{ID_Start}$_][\p{ID_Continue}$]*))?$/u
const CONFIGURATIONS = ['serverless.yml', 'serverless.yaml', 'serverless.json']

/** Only looked at before there is a database, to refuse what could not be run anyway. */
const SOME_DATABASE = 'mysql://user@127.0.0.1:3306/schema'

/**
 * Finds what the first argument names: a source file, with or without `:exportName`, or a function of serverless.yml. A file goes
 * before a function of the same name.
 *
 * @param note told what the user may not expect
 * @throws CommandError in one sentence when it is neither, or cannot be run here
 */
export async function findTarget(
  argument: string,
  lookup: Lookup,
  note: (text: string) => void,
): Promise<Target> {
  const [, source, exportName = 'handler'] = SOURCE.exec(argument) ?? []
  if (source === undefined) {
    if (isFile(argument) && !isFunction(argument, lookup))
      refuse(`The handler ${argument} is no source: it must be a TypeScript or JavaScript file.`)
    return targetOfService(argument, lookup)
  }
  if (!isFile(source)) refuse(`There is no handler file ${source}.`)
  if (isFunction(argument, lookup)) note(`${argument} is the name of a function too: the file is taken.`)
  refuseLookup(source, lookup)
  return targetOfFile(source, exportName, lookup)
}

function refuseLookup(file: string, { stage, config, params }: Lookup): void {
  const given = { '--stage': stage, '--config': config, '--param': Object.keys(params)[0] }
  for (const [option, value] of Object.entries(given))
    if (value !== undefined) refuse(`${option} is for functions of serverless.yml, and ${file} is a file.`)
}

function targetOfFile(source: string, exportName: string, { env }: Lookup): Target {
  return {
    name: exportName === 'handler' ? source : `${source}:${exportName}`,
    source,
    exportName,
    timeout: undefined,
    memory: undefined,
    environment: (databaseUrl) => ({
      ...env,
      ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    }),
  }
}

async function targetOfService(name: string, lookup: Lookup): Promise<Target> {
  const { env, database } = lookup
  // Where it was given, the database at hand is that one, and its URL may be another by the way that leads there.
  const { DATABASE_URL: _, ...others } = env
  const config = lookup.config ?? CONFIGURATIONS.find(isFile)
  if (config === undefined)
    return refuse(`There is no file ${name}, and no serverless.yml here that could have a function ${name}.`)
  const choose = (databaseUrl: string | undefined) => {
    const service = readLookedUp(config, lookup)
    return chooseFunction(service, name, { env: databaseUrl === undefined ? env : others, databaseUrl })
  }
  const chosen = await orExit(EXIT.usage, () => choose(database ? SOME_DATABASE : undefined))
  return {
    name,
    source: relative('', chosen.source),
    exportName: chosen.exportName,
    timeout: chosen.timeout,
    memory: chosen.memory,
    environment: (databaseUrl) => ({
      AWS_LAMBDA_FUNCTION_NAME: chosen.deployedName,
      ...choose(databaseUrl).environment,
    }),
  }
}

function readLookedUp(config: string, { stage, params, env }: Lookup): Service {
  return readService(config, { stage, params, env: { ...process.env, ...env } })
}

function isFunction(name: string, lookup: Lookup): boolean {
  const config = lookup.config ?? CONFIGURATIONS.find(isFile)
  if (config === undefined) return false
  try {
    return readLookedUp(config, lookup).functions.some((each) => each.name === name)
  } catch {
    return false // a configuration that cannot be read has no say where a file is named
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
