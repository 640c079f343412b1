import { readFileSync } from 'node:fs'
import { dirname, relative, resolve } from 'node:path'
import { readFunctions, type ServiceFunction } from './functions.ts'
import { Variables } from './variables.ts'
import { parseYaml } from './yaml-file.ts'

export type { ServiceFunction } from './functions.ts'
export type { Route } from './routes.ts'

/** What the command was told about a service. */
export interface ServiceOptions {
  /** Default: the provider's, else `dev`. */
  stage?: string | undefined
  /** Default: the provider's, else `us-east-1`. */
  region?: string | undefined
  /** `${param:…}`; these go before the configuration's `params`. */
  params?: Readonly<Record<string, string>>
  /** `${env:…}`; default this process's environment. */
  env?: Readonly<Record<string, string | undefined>>
}

/** What serverless.yml says, as far as running its functions here needs it. */
export interface Service {
  readonly name: string
  readonly stage: string
  readonly region: string
  /** Where serverless.yml lies, which handlers are named from. */
  readonly directory: string
  readonly functions: readonly ServiceFunction[]
  /** `provider.httpApi`: its CORS rules and payload version are the API's. */
  readonly httpApi: unknown
}

/**
 * Reads a serverless.yml, variables resolved as the Serverless Framework resolves them, without it and without an account.
 *
 * @param file its path; default `serverless.yml` here
 * @throws in one sentence: there is no such file, it is not YAML, a variable that is read has no value or needs itself
 * @example
 * const service = readService('serverless.yml', { stage: 'dev' })
 * const { source, exportName, environment } = chooseFunction(service, 'getOrder')
 */
export function readService(file = 'serverless.yml', options: ServiceOptions = {}): Service {
  const path = resolve(file)
  const { stage, region, params = {}, env = process.env } = options
  const told = { ...(stage !== undefined && { stage }), ...(region !== undefined && { region }) }
  const configuration = parseYaml(read(path), relative('', path))
  const directory = dirname(path)
  const variables = new Variables(configuration, { directory, options: told, params, env })
  const name = variables.get('service')
  if (typeof name !== 'string')
    throw new Error(`${relative('', path)} has no \`service:\` with its name, so it is no serverless.yml.`)
  return {
    name,
    stage: variables.stage,
    region: variables.region,
    directory,
    functions: readFunctions(variables, name),
    httpApi: variables.get('provider.httpApi'),
  }
}

function read(path: string): string {
  const shown = relative('', path)
  if (!/\.(ya?ml|json)$/.test(path))
    throw new Error(
      `${shown} is no configuration that can be read here: it must be a .yml, .yaml or .json file.`,
    )
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    throw new Error(`There is no ${shown}: name the service's file with --config.`)
  }
}
