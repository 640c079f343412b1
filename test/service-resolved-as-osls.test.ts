import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { beforeAll, describe, expect, it } from 'vitest'
import { readService } from '../local/src/service/service.ts'
import { Variables } from '../local/src/service/variables.ts'
import { parseYaml } from '../local/src/service/yaml-file.ts'

type Json = Record<string, unknown>
type Deployed = Json & { provider: Json; functions: Record<string, Json> }

const repository = join(import.meta.dirname, '..')
const SHOP = {
  directory: repository,
  options: { stage: 'dev' },
  params: {},
  args: [],
  env: { AWS_REGION: 'eu-central-1' },
  region: 'eu-central-1',
}
const EVERYTHING = {
  directory: join(import.meta.dirname, 'services/variables'),
  options: { stage: 'prod', region: 'us-west-2' },
  params: { tier: 'from=cli' },
  args: ['--stage', 'prod', '--region', 'us-west-2', '--param', 'tier=from=cli'],
  env: {},
  region: 'us-west-2',
}

/** What the Serverless Framework itself makes of a service. */
async function printed({ directory, args, env }: typeof SHOP | typeof EVERYTHING): Promise<Deployed> {
  const osls = join(repository, 'node_modules/osls/bin/serverless.js')
  const command = [osls, 'print', '--format', 'json', ...args]
  const { stdout } = await promisify(execFile)(process.execPath, command, {
    cwd: directory,
    env: { PATH: process.env.PATH, SLS_TELEMETRY_DISABLED: '1', ...env },
  })
  return JSON.parse(stdout)
}

/** osls merges lists of functions and of resources, names functions and adds an empty list of events. */
function normal(service: Json): Json {
  const functions = [service.functions].flat() as Record<string, Json>[]
  const all = Object.entries(Object.assign({}, ...functions) as Record<string, Json>)
  const plain = all.map(([name, { name: _, events = [], ...own }]) => [name, { ...own, events }])
  const { service: name, params, custom } = service
  const parts = [service.resources ?? {}].flat() as Json[]
  const resources = Object.assign({}, ...parts.map((part) => part.Resources))
  return JSON.parse(JSON.stringify({ name, params, custom, resources, functions: Object.fromEntries(plain) }))
}

/** Its values are texts once they have passed osls' schema. */
function texts(environment: unknown): Json {
  const values = Object.entries((environment ?? {}) as Json)
  return Object.fromEntries(
    values.map(([name, value]) => [name, typeof value === 'object' ? value : String(value)]),
  )
}

// Side by side, as each takes two seconds.
describe.each([
  ["the repository's serverless.yml", { ...SHOP, printed: printed(SHOP) }],
  ['every kind of variable', { ...EVERYTHING, printed: printed(EVERYTHING) }],
])('%s', (_name, service) => {
  const file = join(service.directory, 'serverless.yml')
  let deployed: Deployed
  beforeAll(async () => {
    deployed = await service.printed
  })

  it('is resolved as osls resolves it, to the last leaf', () => {
    const { directory, options, params, env } = service
    const configuration = parseYaml(readFileSync(file, 'utf8'), 'serverless.yml')
    const variables = new Variables(configuration, { directory, options, params, env })
    const ours = normal(variables.get('') as Json)
    const theirs = normal(deployed)
    for (const own of [ours, theirs])
      for (const each of Object.values(own.functions as Record<string, Json>))
        each.environment = texts(each.environment)
    expect(ours).toEqual(theirs)
  })

  it('has the functions that osls would deploy', () => {
    const { options, params, env } = service
    const { name, region, functions } = readService(file, { ...options, params, env })
    expect({ name, region }).toEqual({ name: deployed.service, region: service.region })
    expect(deployed.provider.region).toBe(service.region)
    const ours = functions.map((each) => ({
      name: each.name,
      deployedName: each.deployedName,
      timeout: each.timeout / 1000,
      variables: Object.keys({ ...each.environment, ...each.unresolved }).toSorted(),
      environment: each.environment,
    }))
    const theirs = Object.entries(deployed.functions).map(([key, each]) => {
      const environment = texts({ ...(deployed.provider.environment as Json), ...(each.environment as Json) })
      const known = Object.entries(environment).filter(
        ([, value]) => !/\{\{resolve:|"Ref"/.test(JSON.stringify(value)),
      )
      return {
        name: key,
        deployedName: each.name,
        timeout: each.timeout ?? deployed.provider.timeout ?? 6,
        variables: Object.keys(environment).toSorted(),
        environment: Object.fromEntries(known),
      }
    })
    expect(ours).toEqual(theirs)
  })
})
