import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import { DATABASE_VARIABLES, databaseVariables } from './database-variables.ts'
import type { Service, ServiceFunction } from './service.ts'

/** A function that can be run here. */
export interface ChosenFunction extends ServiceFunction {
  /** The handler's file, absolute. */
  readonly source: string
  /** The handler's export. */
  readonly exportName: string
}

/** What goes before the function's own environment. */
export interface LocalValues {
  /** Variables as the user gave them; they go before everything else. */
  env?: Readonly<Record<string, string>>
  /** The local database's URL; see {@link DATABASE_VARIABLES}. Without it the function's own database is meant. */
  databaseUrl?: string | undefined
}

// What a bundler finds, sources before what was made of them.
const EXTENSIONS = ['.ts', '.mts', '.cts', '.tsx', '.js', '.mjs', '.cjs', '.jsx']

/**
 * A function by its name, with all that running it takes.
 * @throws in one sentence: no function of that name, one that is not Node's, no source file, a variable that is known only in an
 * account and not given
 */
export function chooseFunction(service: Service, name: string, values: LocalValues = {}): ChosenFunction {
  const known = service.functions.map((each) => each.name)
  const chosen = service.functions.find((each) => each.name === name)
  if (!chosen) {
    const names = known.length > 0 ? `its functions are ${known.join(', ')}` : 'it has none'
    throw new Error(`The service ${service.name} has no function ${name}: ${names}.`)
  }
  if (!chosen.runtime.startsWith('nodejs'))
    throw new Error(`The function ${name} is one of ${chosen.runtime}: only Node's can be run here.`)
  return { ...chosen, ...locate(chosen, service.directory), environment: localEnvironment(chosen, values) }
}

function locate({ name, handler }: ServiceFunction, directory: string) {
  const [, module, exportName] = /^(.+)\.([^./]+)$/.exec(handler ?? '') ?? []
  if (module === undefined || exportName === undefined)
    throw new Error(
      `The function ${name} has ${handler ? `the handler ${handler}` : 'no handler'}, but must have one such as handlers/get-order.handler.`,
    )
  const base = resolve(directory, module)
  const source = EXTENSIONS.map((extension) => base + extension).find(existsSync)
  if (source === undefined)
    throw new Error(
      `The function ${name} has its handler in ${relative('', base)}, but there is no such file (${EXTENSIONS.join(', ')}).`,
    )
  return { source, exportName }
}

function localEnvironment(
  { name, environment, unresolved }: ServiceFunction,
  { env = {}, databaseUrl }: LocalValues,
): Record<string, string> {
  const names = [...Object.keys(environment), ...Object.keys(unresolved)]
  const local = databaseUrl === undefined ? {} : databaseVariables(names, databaseUrl)
  const replaced = databaseUrl === undefined ? [] : DATABASE_VARIABLES
  const own = Object.entries(environment).filter(([variable]) => !replaced.includes(variable))
  const values = { ...Object.fromEntries(own), ...local, ...env }
  for (const [variable, { text, reason }] of Object.entries(unresolved)) {
    if (variable in values || replaced.includes(variable)) continue
    throw new Error(
      `The function ${name} has the variable ${variable}: ${text}, which ${reason}: give it with --env ${variable}=value.`,
    )
  }
  return values
}
