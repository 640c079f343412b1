import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { expect, test } from 'vitest'
import { createSchema } from '../handlers/schema.ts'
import { Unresolved } from '../local/src/service/unresolved.ts'
import { Variables } from '../local/src/service/variables.ts'
import { parseYaml } from '../local/src/service/yaml-file.ts'
import { createPool } from '../src/index.ts'
import { mistakesIn } from './support/cloudformation/mistakes.ts'
import { resolved } from './support/cloudformation/resolved.ts'
import type { Template } from './support/cloudformation/template.ts'
import { databaseForFile } from './support/database.ts'

const directory = join(import.meta.dirname, '..')
const page = readFileSync(join(directory, 'docs/deploy.md'), 'utf8')
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``, 'g'))].map(
    ([, text]) => text as string,
  )

type Params = Record<string, string>
const stages = blocks('yaml').map((text) => {
  const { prod } = parseYaml(text, 'docs/deploy.md') as { prod: Params }
  return [[prod.route, prod.dbAuth].filter(Boolean).join(' with '), prod] as const
})

const configuration = parseYaml(readFileSync(join(directory, 'serverless.yml'), 'utf8'), 'serverless.yml')

/** What serverless.yml asks for when it is deployed with these parameters, and the values that it then lacks. */
function asked(params: Params): { names: Set<string>; lacking: string[] } {
  const names = new Set<string>()
  const watched = new Proxy(params, {
    get: (target, name: string) => {
      names.add(name)
      return target[name]
    },
  })
  const options = { stage: 'prod' }
  const variables = new Variables(configuration, { directory, options, params: watched, env: {} })
  const all = ['provider', 'functions', 'custom', 'resources'].map((part) => variables.get(part))
  const unresolved = leaves(all).filter((leaf) => leaf instanceof Unresolved)
  return { names, lacking: unresolved.map(({ text, reason }) => `${text} ${reason}`) }
}

function leaves(value: unknown): unknown[] {
  const isLeaf = typeof value !== 'object' || value === null || value instanceof Unresolved
  return isLeaf ? [value] : Object.values(value).flatMap(leaves)
}

test('the secrets that it deploys are what CloudFormation takes, by the names of the parameters', () => {
  const template = parseYaml(
    readFileSync(join(directory, 'deploy/secrets.yml'), 'utf8'),
    'secrets.yml',
  ) as Template
  expect(mistakesIn(template)).toEqual([])
  expect(template.Outputs).toEqual({
    dbSecret: { Value: { Ref: 'Secret' } },
    dbMigrationSecret: { Value: { Ref: 'MigrationSecret' } },
  })
  for (const [name, user] of Object.entries({ Secret: 'User', MigrationSecret: 'MigrationUser' }))
    expect(template.Resources[name]?.Properties.GenerateSecretString).toMatchObject({
      SecretStringTemplate: { 'Fn::Sub': `{"username":"\${${user}}"}` },
      GenerateStringKey: 'password',
      ExcludePunctuation: true,
    })
})

test('docs/deploy.md shows every route', () => {
  expect(stages.map(([name]) => name)).toEqual([
    'direct with password',
    'direct with iam',
    'existing-proxy',
    'created-proxy',
  ])
})

test.each(stages)('what it shows for %s is all that this takes, and nothing more', (_name, params) => {
  const { names, lacking } = asked(params)
  expect(lacking).toEqual([])
  expect([...names].sort()).toEqual(
    [
      ...Object.keys(params),
      'alarmTopic',
      ...(params.route === 'created-proxy' ? ['dbSecretKey'] : []),
    ].sort(),
  )
})

test('what it counts of containers and connections is what serverless.yml reserves', () => {
  const functions = resolved({}).get('functions') as Record<string, { reservedConcurrency: number }>
  const reserved = Object.values(functions).map(({ reservedConcurrency }) => reservedConcurrency)
  const containers = reserved.reduce((sum, each) => sum + each)
  const source = readFileSync(join(directory, 'handlers/database.ts'), 'utf8') // it connects when it is imported
  const connectionLimit = Number(source.match(/connectionLimit = (\d+)/)?.[1])
  expect(page).toContain(`(${reserved.join(' + ')}) × ${connectionLimit} = ${containers * connectionLimit}`)
  expect(page).toContain(`reserves ${containers} containers`)
  expect(page).toContain(`needs ${containers + 100} in`)
})

const database = databaseForFile()

test('the users that its SQL makes can do what the shop does, and no more', async () => {
  const { host, port, administrator, database: schema } = database.current
  const sql = blocks('sql').filter((text) => !text.includes('AWSAuthenticationPlugin')) // which only RDS has
  const onlyWithTls = (text: string) => text.includes('REQUIRE SSL')
  await using root = await createConnection(administrator)
  const run = async (texts: string[]) => {
    for (const statement of texts.join('').split(';\n').filter(Boolean))
      await root.query(statement.replaceAll('shop.*', `${schema}.*`))
  }
  await run(sql.filter((text) => !onlyWithTls(text)))

  const password = 'the password in its secret'
  const pool = (user: string) => createPool({ connection: { host, port, user, password, database: schema } })
  await using shop = pool('shop')
  await using migration = pool('shop_migration')
  await expect(createSchema(shop)).rejects.toMatchObject({ code: 'ER_TABLEACCESS_DENIED_ERROR' })
  expect(await createSchema(migration)).toContain('orders')
  await expect(migration.query('SELECT * FROM orders')).rejects.toMatchObject({
    code: 'ER_TABLEACCESS_DENIED_ERROR',
  })
  await shop.transaction(async (tx) => {
    await tx.query("INSERT INTO products (id, sku, name, price_cents, stock) VALUES (1, 'a', 'a', 1, 1)")
    await tx.query('SELECT stock FROM products WHERE id = 1 FOR UPDATE')
    await tx.query('UPDATE products SET stock = 0 WHERE id = 1')
  })

  await run(sql.filter(onlyWithTls)) // the pools are without
  for (const user of ['shop', 'shop_migration'])
    await expect(createConnection({ host, port, user, password })).rejects.toMatchObject({
      code: 'ER_ACCESS_DENIED_ERROR',
    })
})
