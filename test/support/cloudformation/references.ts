import { described, functionOf, isObject, type Resource, type Template } from './template.ts'

const PSEUDO = [
  'AccountId',
  'NoValue',
  'NotificationARNs',
  'Partition',
  'Region',
  'StackId',
  'StackName',
  'URLSuffix',
]
const PSEUDO_PARAMETERS = PSEUDO.map((name) => `AWS::${name}`)

/** One mention of something else in the template. */
type Mention =
  | { readonly to: 'resource'; readonly name: string; readonly attribute?: string }
  | { readonly to: 'condition'; readonly name: string }

/** What leads nowhere, and what goes in a circle, in a sentence each. */
export function deadEnds(template: Template): string[] {
  const outputs = Object.entries(template.Outputs ?? {}).map(([name, output]) => [`Outputs.${name}`, output])
  const places = [...Object.entries(template.Resources), ...outputs] as [string, Resource][]
  return [
    ...places.flatMap(([name, part]) =>
      mentionsOf(part).flatMap((mention) => {
        const wrong = wrongWith(mention, template)
        return wrong ? [`${name} mentions ${wrong}.`] : []
      }),
    ),
    ...circles(template),
  ]
}

function wrongWith(mention: Mention, { Resources, Conditions, Parameters }: Template): string | undefined {
  const { name } = mention
  if (mention.to === 'condition')
    return Conditions && name in Conditions ? undefined : `the condition ${name}, which is not there`
  const { attribute } = mention
  const resource = Resources[name]
  if (attribute === undefined) {
    const known = resource || PSEUDO_PARAMETERS.includes(name) || (Parameters && name in Parameters)
    return known ? undefined : `${name}, which is not there`
  }
  if (!resource) return `${name}.${attribute}, where ${name} is not there`
  return attribute in (described(resource.Type)?.attributes ?? {})
    ? undefined
    : `${name}.${attribute}, which ${resource.Type} does not have`
}

function mentionsOf(part: Resource): Mention[] {
  return [
    ...(part.Condition ? [{ to: 'condition', name: part.Condition } as const] : []),
    ...[part.DependsOn ?? []].flat().map((name) => ({ to: 'resource', name }) as const),
    ...mentionsWithin('Properties' in part ? part.Properties : Object.entries(part)),
  ]
}

function mentionsWithin(value: unknown): Mention[] {
  const [name, argument] = functionOf(value) ?? []
  const deeper = isObject(value) || Array.isArray(value) ? Object.values(value).flatMap(mentionsWithin) : []
  if (name === 'Ref') return [{ to: 'resource', name: String(argument) }]
  if (name === 'Fn::GetAtt') return [attributeOf([argument].flat().join('.'))]
  if (name === 'Fn::If') return [{ to: 'condition', name: String((argument as unknown[])[0]) }, ...deeper]
  if (name === 'Fn::Sub') return [...inText(argument), ...deeper]
  return deeper
}

function attributeOf(text: string): Mention {
  const [name = '', ...attribute] = text.split('.')
  return { to: 'resource', name, ...(attribute.length > 0 && { attribute: attribute.join('.') }) }
}

/** `${Name}`, `${Name.Attribute}` and `${AWS::Region}`, less the variables that come with the text; `${!x}` is a text. */
function inText(argument: unknown): Mention[] {
  const [text, own] = [argument].flat() as [string, Record<string, unknown>?]
  return [...text.matchAll(/\$\{([^!}][^}]*)\}/g)]
    .map(([, mentioned = '']) => mentioned.trim())
    .filter((mentioned) => !(own && mentioned in own))
    .map(attributeOf)
}

/** CloudFormation makes a resource after those that it mentions, so nothing may lead back. */
function circles({ Resources }: Template): string[] {
  const done = new Set<string>()
  const found: string[] = []
  const visit = (name: string, way: readonly string[]) => {
    if (way.includes(name)) {
      found.push(`${[...way.slice(way.indexOf(name)), name].join(' needs ')}: that is a circle.`)
      return
    }
    const resource = Resources[name]
    if (!resource || done.has(name)) return
    for (const mention of mentionsOf(resource))
      if (mention.to === 'resource') visit(mention.name, [...way, name])
    done.add(name)
  }
  for (const name of Object.keys(Resources)) visit(name, [])
  return found
}
