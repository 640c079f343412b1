import {
  described,
  functionOf,
  isNoValue,
  isObject,
  type Json,
  type Resource,
  specification,
} from './template.ts'

type Properties = NonNullable<ReturnType<typeof described>>['properties']
type Kind = Properties[string]['type']

const PARTS = ['Type', 'Properties', 'DependsOn', 'Condition', 'DeletionPolicy', 'UpdateReplacePolicy']
/** What these give is a list; what the others give, as far as they are used here, is a single value. */
const LISTS = ['Fn::Split', 'Fn::GetAZs', 'Fn::Cidr']
const SINGLE = ['Fn::Sub', 'Fn::Join', 'Fn::Select']

/** What does not fit the published description of a resource, in a sentence each. */
export function misfits(name: string, resource: Resource): string[] {
  const description = described(resource.Type)
  if (!description) return [`${name} is of the type ${resource.Type}, which does not exist.`]
  const odd = Object.keys(resource).filter((part) => !PARTS.includes(part))
  return [
    ...odd.map((part) => `${name}.${part} does not exist.`),
    ...propertiesOf(resource.Properties ?? {}, description.properties, name),
  ]
}

function propertiesOf(given: Json, known: Properties, path: string): string[] {
  const missing = Object.entries(known).filter(
    ([key, { required }]) => required && (given[key] === undefined || isNoValue(given[key])),
  )
  return [
    ...missing.map(([key]) => `${path}.${key} is required.`),
    ...Object.entries(given).flatMap(([key, value]) => {
      const property = known[key]
      return property ? misfit(value, property.type, `${path}.${key}`) : [`${path}.${key} does not exist.`]
    }),
  ]
}

function misfit(value: unknown, kind: Kind, path: string): string[] {
  const call = functionOf(value)
  if (call) return misfitOfCall(call, kind, path)
  const no = (what: string) => [`${path} is ${JSON.stringify(value)}, but must be ${what}.`]
  switch (kind.type) {
    case 'array':
      if (!Array.isArray(value)) return no('a list')
      return value.flatMap((each, index) => misfit(each, kind.element, `${path}[${index}]`))
    case 'map':
      if (!isObject(value)) return no('a map')
      return Object.entries(value).flatMap(([key, each]) => misfit(each, kind.element, `${path}.${key}`))
    case 'ref':
      if (!isObject(value)) return no('an object')
      return propertiesOf(value, specification().get('typeDefinition', kind.reference).properties, path)
    case 'tag':
      return isObject(value) && 'Key' in value && 'Value' in value ? [] : no('a tag')
    case 'union': {
      const each = kind.types.map((one) => misfit(value, one, path))
      return each.some((found) => found.length === 0) ? [] : (each[0] ?? [])
    }
    case 'json':
      return isObject(value) || Array.isArray(value) || typeof value === 'string' ? [] : no('JSON')
    default:
      return misfitOfSingle(value, kind) ? no(misfitOfSingle(value, kind) ?? '') : []
  }
}

/** CloudFormation takes a number or a truth value as a text, too. @returns what it must be, when it is not */
function misfitOfSingle(value: unknown, kind: Kind): string | undefined {
  const allowed = 'allowedValues' in kind ? (kind.allowedValues as unknown[] | undefined) : undefined
  if (allowed && !allowed.map(String).includes(String(value))) return `one of ${allowed.join(', ')}`
  if (typeof value === 'object') return 'a single value'
  if (kind.type === 'integer') return Number.isInteger(Number(value)) ? undefined : 'a whole number'
  if (kind.type === 'number') return Number.isFinite(Number(value)) ? undefined : 'a number'
  if (kind.type === 'boolean') return /^(true|false)$/.test(String(value)) ? undefined : 'true or false'
  return undefined
}

function misfitOfCall([name, argument]: readonly [string, unknown], kind: Kind, path: string): string[] {
  if (name === 'Fn::If' && Array.isArray(argument))
    return argument
      .slice(1)
      .filter((branch) => !isNoValue(branch))
      .flatMap((branch) => misfit(branch, kind, path))
  const kinds = kind.type === 'union' ? kind.types.map(({ type }) => type) : [kind.type]
  const structured = (type: string) => ['array', 'map', 'ref', 'tag', 'json'].includes(type)
  if (LISTS.includes(name) && !kinds.includes('array')) return [`${path} is ${name}, which gives a list.`]
  if (SINGLE.includes(name) && kinds.every(structured))
    return [`${path} is ${name}, which gives a single value.`]
  return []
}
