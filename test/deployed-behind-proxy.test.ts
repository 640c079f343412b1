import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { createPool } from 'warmpool'
import { seed } from '../scripts/seed.ts'
import { getOrder42, holding, type Packaged, ShopCopy, SIGNER } from './packaged-shop.ts'
import { decided } from './support/cloudformation/decided.ts'
import { mistakesIn } from './support/cloudformation/mistakes.ts'
import { asPackaged } from './support/cloudformation/resolved.ts'
import type { Json, Resource, Template } from './support/cloudformation/template.ts'
import { waysIn, waysOut } from './support/cloudformation/ways.ts'
import { missingForTokens, TokenDatabase } from './support/pam.ts'
import { KEY, ROUTES, SECRETS, TOPIC } from './support/route-parameters.ts'
import { keepSecret } from './support/secrets.ts'

// Through a proxy; deployable-artifact.test.ts has the direct route.

type Route = keyof typeof ROUTES
let packaged: Packaged
const templates = {} as Record<Route, Template>
const resources = {} as Record<Route, Record<string, Resource>>
beforeAll(async () => {
  await using shop = await ShopCopy.make()
  packaged = await shop.package(ROUTES.created)
  templates.created = packaged.template
  // Its packages are the same, and its template is less: osls need not take its time twice.
  templates.existing = asPackaged(ROUTES.existing, { params: ROUTES.created, template: packaged.template })
  for (const route of ['created', 'existing'] as const) resources[route] = decided(templates[route])
}, 120_000)

const ofType = (route: Route, type: string) =>
  Object.entries(resources[route]).filter(([, { Type }]) => Type === type)
const properties = (route: Route, name: string) => resources[route][name]?.Properties as Json
// biome-ignore lint/suspicious/noTemplateCurlyInString: for CloudFormation to fill
const ARN = 'arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:${Id}/${User}'
const attribute = (name: string, of: string) => ({ 'Fn::GetAtt': [name, of] })

it('is packaged without a warning, into what is foreseen', () => {
  expect(packaged.told).not.toMatch(/warn|deprecat/i)
  const foreseen = asPackaged(ROUTES.created, { params: ROUTES.created, template: packaged.template })
  expect(packaged.template).toEqual(foreseen)
})

describe.each<[Route, ways: string[], resourceId: unknown, host: unknown]>([
  ['existing', ['FunctionSecurityGroup to sg-proxy'], 'prx-0123', ROUTES.existing.dbHost],
  [
    'created',
    ['FunctionSecurityGroup to ProxySecurityGroup', 'ProxySecurityGroup to sg-database'],
    { 'Fn::Select': [6, { 'Fn::Split': [':', attribute('DatabaseProxy', 'DBProxyArn')] }] },
    attribute('DatabaseProxy', 'Endpoint'),
  ],
])('the route through the %s proxy', (route, ways, resourceId, host) => {
  it('is a template that CloudFormation takes', () => {
    expect(mistakesIn(templates[route])).toEqual([])
  })

  it('goes from the functions to the database on port 3306, and nowhere else', () => {
    expect(waysOut(resources[route])).toEqual(ways)
    expect(waysIn(resources[route])).toEqual(ways)
    for (const [, { Properties }] of ofType(route, 'AWS::Lambda::Function'))
      expect(Properties.VpcConfig).toMatchObject({
        SecurityGroupIds: [attribute('FunctionSecurityGroup', 'GroupId')],
      })
  })

  it('lets the roles connect as their own user of this one resource', () => {
    const connect = ofType(route, 'AWS::IAM::Policy').map(([, { Properties }]) => Properties)
    expect(connect.map(({ Roles, PolicyDocument }) => ({ Roles, ...(PolicyDocument as Json) }))).toEqual(
      [
        { Roles: [{ Ref: 'HttpRole' }, { Ref: 'ImportRole' }], user: 'shop' },
        { Roles: [{ Ref: 'MigrateRole' }], user: 'shop_migration' },
      ].map(({ Roles, user }) => ({
        Roles,
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Action: 'rds-db:connect',
          Resource: { 'Fn::Sub': [ARN, { Id: resourceId, User: user }] },
        },
      })),
    )
    for (const [name, { Properties }] of ofType(route, 'AWS::Lambda::Function')) {
      const DB_USER = name.startsWith('Migrate') ? 'shop_migration' : 'shop'
      const Variables = { DB_HOST: host, DB_NAME: 'shop', DB_USER, DB_AUTH: 'iam' } // and no password
      expect(Properties.Environment).toEqual({ Variables })
    }
  })

  it('keeps every log for 14 days', () => {
    const groups = ofType(route, 'AWS::Logs::LogGroup').map(
      ([, { Properties }]) => Properties.RetentionInDays,
    )
    expect(groups).toEqual(Array(route === 'created' ? 6 : 5).fill(14))
  })

  it('rings when more than 80 % of the connections are in use, at the topic if there is one', () => {
    const alarm = properties(route, 'ConnectionsAlarm')
    expect(alarm).toMatchObject({
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 80,
      TreatMissingData: 'missing', // or an alarm of a proxy that does not exist is OK
    })
    expect([alarm.AlarmActions, alarm.OKActions]).toEqual(
      route === 'created' ? [[TOPIC], [TOPIC]] : [undefined, undefined],
    )
  })

  it('describes its groups in the letters that EC2 takes', () => {
    const groups = Object.values(resources[route]).filter(({ Type }) =>
      Type.startsWith('AWS::EC2::SecurityGroup'),
    )
    const texts = JSON.stringify(groups).matchAll(/"(?:Group)?Description":("[^"]*")/g)
    for (const [, text = ''] of texts) expect(JSON.parse(text)).toMatch(/^[\w .:/()#,@[\]+=&;{}!$*-]{1,255}$/)
  })
})

describe('alarms', () => {
  const metric = (MetricName: string, Stat: string, Dimensions: unknown) => ({
    Stat,
    Period: 60,
    Metric: { Namespace: 'AWS/RDS', MetricName, Dimensions },
  })
  const metricsOf = (route: Route) =>
    (properties(route, 'ConnectionsAlarm').Metrics as Json[]).map(
      (each) => each.Expression ?? each.MetricStat,
    )

  // One minute, as each node of a proxy reports once a minute: the sum over five would be five times as much.
  it.each([
    ['existing', 'theirs'],
    ['created', 'warmpool-shop-prod'],
  ] as const)(
    'of the %s proxy count what all its nodes have, and ring when sessions stay pinned',
    (route, name) => {
      const dimensions = [{ Name: 'ProxyName', Value: name }]
      expect(metricsOf(route)).toEqual([
        '100 * connections / allowed',
        metric('DatabaseConnections', 'Sum', dimensions),
        metric('MaxDatabaseConnectionsAllowed', 'Sum', dimensions),
      ])
      expect(properties(route, 'PinnedAlarm')).toMatchObject({
        Namespace: 'AWS/RDS',
        MetricName: 'DatabaseConnectionsCurrentlySessionPinned',
        Dimensions: dimensions,
        Statistic: 'Sum',
        Period: 60,
        ComparisonOperator: 'GreaterThanThreshold',
        Threshold: 0,
      })
    },
  )
})

describe('a created proxy', () => {
  const secrets = [SECRETS.shop, SECRETS.migration]

  it('asks for TLS and IAM tokens, and logs in to the database with a secret for each user', () => {
    expect(properties('created', 'DatabaseProxy')).toEqual({
      DBProxyName: 'warmpool-shop-prod',
      EngineFamily: 'MYSQL',
      RequireTLS: true,
      IdleClientTimeout: 1800,
      DebugLogging: false,
      RoleArn: attribute('ProxyRole', 'Arn'),
      VpcSubnetIds: { 'Fn::Split': [',', 'subnet-1,subnet-2'] },
      VpcSecurityGroupIds: [attribute('ProxySecurityGroup', 'GroupId')],
      Auth: secrets.map((SecretArn, index) => ({
        Description: ['shop', 'shop_migration'][index],
        AuthScheme: 'SECRETS',
        SecretArn,
        IAMAuth: 'REQUIRED',
        ClientPasswordAuthType: 'MYSQL_CACHING_SHA2_PASSWORD',
      })),
    })
  })

  it('may read these secrets and nothing else, and their key through Secrets Manager only', () => {
    const [policy, ...more] = properties('created', 'ProxyRole').Policies as { PolicyDocument: Json }[]
    expect(more).toEqual([])
    expect(policy?.PolicyDocument.Statement).toEqual([
      { Effect: 'Allow', Action: 'secretsmanager:GetSecretValue', Resource: secrets },
      {
        Effect: 'Allow',
        Action: 'kms:Decrypt',
        Resource: KEY,
        Condition: {
          // biome-ignore lint/suspicious/noTemplateCurlyInString: for CloudFormation to fill
          StringEquals: { 'kms:ViaService': { 'Fn::Sub': 'secretsmanager.${AWS::Region}.amazonaws.com' } },
        },
      },
    ])
    expect(JSON.stringify(properties('created', 'ProxyRole').AssumeRolePolicyDocument)).toContain(
      '{"Service":"rds.amazonaws.com"}',
    )
  })

  it('leaves connections for others, gives up before the functions do, and hides no pinning', () => {
    expect(properties('created', 'ProxyTargets')).toEqual({
      DBProxyName: { Ref: 'DatabaseProxy' },
      TargetGroupName: 'default',
      DBClusterIdentifiers: ['shop'],
      ConnectionPoolConfigurationInfo: {
        MaxConnectionsPercent: 90,
        MaxIdleConnectionsPercent: 45,
        ConnectionBorrowTimeout: 5,
      },
    })
    for (const [, { Properties }] of ofType('created', 'AWS::Lambda::Function'))
      expect(Properties.Timeout).toBeGreaterThan(5)
  })

  it('writes into a log group that is there first', () => {
    expect(properties('created', 'ProxyLogGroup').LogGroupName).toBe('/aws/rds/proxy/warmpool-shop-prod')
    expect(resources.created.DatabaseProxy?.DependsOn).toEqual(['ProxyLogGroup'])
  })
})

it('is packaged with the signer of tokens, and with nothing that reads secrets', () => {
  expect(holding(packaged.packages, SIGNER)).toHaveLength(5)
  expect(holding(packaged.packages, /GetSecretValue/)).toEqual([])
})

it('has packages that sign their tokens themselves, for a server that checks them', async ({ skip }) => {
  const missing = missingForTokens()
  if (missing && process.env.CI) expect.fail(missing)
  if (missing) skip(missing)
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'a/secret+for=nobody', region: 'eu-west-1' }
  keepSecret(keys.secretAccessKey, 'X-Amz-Signature=')
  await using database = await TokenDatabase.start(keys)
  const { port, database: schema, url, ca, directory } = database.server
  await using pool = createPool({ connection: url })
  await seed(pool)
  const NODE_EXTRA_CA_CERTS = join(String(directory), 'trusted.pem')
  await writeFile(NODE_EXTRA_CA_CERTS, String(ca))
  const answer = await getOrder42(packaged.packages, {
    DATABASE_URL: `mysql://iam@localhost:${port}/${schema}?ssl=true`,
    DB_AUTH: 'iam',
    AWS_REGION: keys.region,
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    NODE_EXTRA_CA_CERTS,
  })
  expect(answer).toMatchObject({ statusCode: 200, body: expect.stringMatching(/^{"id":42,/) })
  expect(database.verdicts()).toEqual([{ user: 'iam' }])
})
