import { type EventSource, otherEvents, type Route, routesOf } from './routes.ts'
import { deploysTo, Unresolved } from './unresolved.ts'
import type { Variables } from './variables.ts'

/** A function as serverless.yml describes it; times in milliseconds. */
export interface ServiceFunction {
  /** Its name in serverless.yml. */
  readonly name: string
  /** Its name in AWS: service, stage and name, unless it says another. */
  readonly deployedName: string
  /** As it is written: `handlers/get-order.handler`; undefined for one of a container image. */
  readonly handler: string | undefined
  /** Default 6000, the Serverless Framework's. */
  readonly timeout: number
  /** MB; default 1024. */
  readonly memory: number
  /** Default `nodejs24.x`. */
  readonly runtime: string
  /** Default `x86_64`. */
  readonly architecture: string
  readonly reservedConcurrency: number | undefined
  /** The provider's variables and its own, those that are known here. */
  readonly environment: Readonly<Record<string, string>>
  /** Its variables that are not known on this machine, and why. */
  readonly unresolved: Readonly<Record<string, Unresolved>>
  readonly routes: readonly Route[]
  /** What else invokes it: `sqs`, `schedule`. */
  readonly events: readonly string[]
}

type Json = Readonly<Record<string, unknown>>

/** @throws in one sentence when a property has no value, or another type than it must have */
export function readFunctions(variables: Variables, service: string): ServiceFunction[] {
  const written = variables.get('functions')
  // A list of maps is as good as one map: each may come from a file of its own.
  const functions: Json = Array.isArray(written)
    ? Object.assign({}, ...written)
    : object(written, 'functions')
  const provider = object(variables.get('provider'), 'provider')
  return Object.entries(functions).map(([name, value]) =>
    readFunction(name, object(value, `functions.${name}`), provider, `${service}-${variables.stage}-${name}`),
  )
}

function readFunction(name: string, own: Json, provider: Json, deployedName: string): ServiceFunction {
  const where = `functions.${name}`
  const inherited = (property: string) => own[property] ?? provider[property]
  const events = Array.isArray(own.events) ? (own.events as EventSource[]) : []
  const reserved = own.reservedConcurrency
  return {
    name,
    deployedName: textOr(deployedName, own.name, `${where}.name`),
    handler: own.handler === undefined ? undefined : textOr('', own.handler, `${where}.handler`),
    timeout: 1000 * numberOr(6, inherited('timeout'), `${where}.timeout`),
    memory: numberOr(1024, inherited('memorySize'), `${where}.memorySize`),
    runtime: textOr('nodejs24.x', inherited('runtime'), `${where}.runtime`),
    architecture: textOr('x86_64', inherited('architecture'), `${where}.architecture`),
    reservedConcurrency:
      reserved === undefined ? undefined : numberOr(0, reserved, `${where}.reservedConcurrency`),
    ...readEnvironment({
      ...object(provider.environment, 'provider.environment'),
      ...object(own.environment, `${where}.environment`),
    }),
    routes: routesOf(events, where),
    events: otherEvents(events),
  }
}

function readEnvironment(written: Json): Pick<ServiceFunction, 'environment' | 'unresolved'> {
  const environment: Record<string, string> = {}
  const unresolved: Record<string, Unresolved> = {}
  for (const [name, value] of Object.entries(written)) {
    const deployed = value instanceof Unresolved ? value : deploysTo(value)
    if (deployed) unresolved[name] = deployed
    else if (typeof value === 'object' && value !== null)
      throw new Error(
        `The variable ${name} of the environment is ${JSON.stringify(value)}, but must be a text.`,
      )
    else environment[name] = value === null ? '' : String(value)
  }
  return { environment, unresolved }
}

function object(value: unknown, where: string): Json {
  if (value === undefined || value === null) return {}
  if (typeof value === 'object' && !Array.isArray(value) && !(value instanceof Unresolved))
    return value as Json
  throw new Error(`${where} is ${told(value)}, but must be a map.`)
}

function textOr(otherwise: string, value: unknown, where: string): string {
  if (value === undefined || value === null) return otherwise
  if (typeof value === 'string') return value
  throw new Error(`${where} is ${told(value)}, but must be a text.`)
}

function numberOr(otherwise: number, value: unknown, where: string): number {
  if (value === undefined || value === null) return otherwise
  const number = typeof value === 'string' ? Number(value) : value
  if (typeof number === 'number' && Number.isInteger(number) && number >= 0) return number
  throw new Error(`${where} is ${told(value)}, but must be a whole number.`)
}

function told(value: unknown): string {
  return value instanceof Unresolved ? `${value.text}, which ${value.reason}` : JSON.stringify(value)
}
