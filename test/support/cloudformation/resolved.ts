import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Variables } from '../../../local/src/service/variables.ts'
import { parseYaml } from '../../../local/src/service/yaml-file.ts'
import type { Json, Resource, Template } from './template.ts'

const directory = join(import.meta.dirname, '../../..')
const serverlessYml = parseYaml(readFileSync(join(directory, 'serverless.yml'), 'utf8'), 'serverless.yml')

/** serverless.yml with its variables resolved in this process: osls takes seconds. */
export function resolved(params: Json, options: Readonly<Record<string, string>> = {}): Variables {
  const texts = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, String(value)]))
  return new Variables(serverlessYml, { directory, options, params: texts, env: {} })
}

/** Its own resources and conditions, those of functions not among them. */
export function ownTemplate(variables: Variables): Template {
  const parts = variables.get('resources') as Partial<Template>[]
  return {
    Resources: Object.assign({}, ...parts.map(({ Resources }) => Resources)),
    Conditions: Object.assign({}, ...parts.map(({ Conditions }) => Conditions)),
  }
}

/**
 * What osls would package with these parameters, by what it packaged with others: the functions, their routes and their logs stay, but for
 * the variables of the functions.
 */
export function asPackaged(params: Json, other: { params: Json; template: Template }): Template {
  const variables = resolved(params, { stage: 'prod' })
  const own = ownTemplate(variables)
  const theirs = ownTemplate(resolved(other.params, { stage: 'prod' })).Resources
  const ofFunctions = Object.entries(other.template.Resources).filter(([name]) => !(name in theirs))
  const Resources = {
    ...withVariables(Object.fromEntries(ofFunctions), variables),
    ...Object.fromEntries(Object.entries(own.Resources).map(([name, each]) => [name, listed(each)])),
  }
  return { ...other.template, ...own, Resources }
}

/** osls makes lists of what a service's own resources depend on. */
function listed(resource: Resource): Resource {
  return resource.DependsOn ? { ...resource, DependsOn: [resource.DependsOn].flat() } : resource
}

function withVariables(resources: Record<string, Resource>, variables: Variables): Record<string, Resource> {
  const provider = variables.get('provider.environment') as Json
  const functions = variables.get('functions') as Record<string, { environment: Json }>
  const made = { ...resources }
  for (const [name, { environment }] of Object.entries(functions)) {
    const logicalId = `${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction`
    const resource = resources[logicalId]
    if (!resource) throw new Error(`osls packaged no ${logicalId}.`)
    const Environment = { Variables: { ...provider, ...environment } }
    made[logicalId] = { ...resource, Properties: { ...resource.Properties, Environment } }
  }
  return made
}
