import { loadAwsServiceSpecSync } from '@aws-cdk/aws-service-spec'

/** A CloudFormation template, as far as it is looked at here. */
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>
  readonly Conditions?: Readonly<Record<string, unknown>>
  readonly Parameters?: Readonly<Record<string, unknown>>
  readonly Outputs?: Readonly<Record<string, unknown>>
}

export interface Resource {
  readonly Type: string
  readonly Properties: Readonly<Record<string, unknown>>
  readonly Condition?: string
  readonly DependsOn?: string | readonly string[]
}

export type Json = Readonly<Record<string, unknown>>

export const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The one function of a value such as `{ Ref: … }` or `{ 'Fn::Sub': … }`, with its argument. */
export function functionOf(value: unknown): readonly [name: string, argument: unknown] | undefined {
  if (!isObject(value)) return undefined
  const [entry, ...more] = Object.entries(value)
  if (entry === undefined || more.length > 0) return undefined
  return /^(Ref|Fn::\w+)$/.test(entry[0]) ? entry : undefined
}

export const isNoValue = (value: unknown) => isObject(value) && value.Ref === 'AWS::NoValue'

type Database = ReturnType<typeof loadAwsServiceSpecSync>
let database: Database | undefined

/** CloudFormation's own description of all its resources, as AWS publishes it; reading it takes most of a second. */
export function specification(): Database {
  database ??= loadAwsServiceSpecSync()
  return database
}

/** What a type of resource is made of; undefined when there is no such type. */
export function described(type: string) {
  return [...specification().lookup('resource', 'cloudFormationType', 'equals', type)][0]
}
