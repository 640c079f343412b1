import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readService } from '../local/src/service/service.ts'
import { openShop } from './open-shop.ts'
import { getOrder42, holding, type Packaged, ShopCopy, SIGNER } from './packaged-shop.ts'
import { mistakesIn } from './support/cloudformation/mistakes.ts'
import { ownTemplate, resolved } from './support/cloudformation/resolved.ts'
import { waysIn, waysOut } from './support/cloudformation/ways.ts'

const FUNCTIONS = ['GetOrder', 'PlaceOrder', 'ListProducts', 'ImportOrders', 'Migrate']

const shops: ShopCopy[] = []
let packaged: Packaged
let resources: Packaged['template']['Resources']
let packages: Packaged['packages']
let seeded: Awaited<ReturnType<typeof openShop>>
let invoked: ReturnType<ShopCopy['osls']>
// Side by side, as osls takes its time. In copies of their own, as it leaves things behind.
beforeAll(async () => {
  const [toPackage, toInvoke] = await Promise.all([ShopCopy.make(), ShopCopy.make()])
  shops.push(toPackage, toInvoke)
  const packaging = toPackage.package()
  seeded = await openShop()
  const invoke = ['invoke', 'local', '--function', 'getOrder', '--path', 'test/events/get-order.json']
  invoked = toInvoke.osls(invoke, { DATABASE_URL: seeded.database.url })
  await Promise.allSettled([packaging, invoked])
  packaged = await packaging
  resources = packaged.template.Resources
  packages = packaged.packages
}, 120_000)
afterAll(async () => {
  await Promise.all(shops.map((shop) => shop[Symbol.asyncDispose]()))
  await seeded[Symbol.asyncDispose]()
})

const properties = (name: string) => resources[name]?.Properties
const ofType = (type: string) => Object.values(resources).filter((resource) => resource.Type === type)

it('is packaged without a warning, into a template that CloudFormation takes', () => {
  expect(packaged.told).not.toMatch(/warn|deprecat/i)
  expect(mistakesIn(packaged.template)).toEqual([])
})

describe('a parameter that is mistyped', () => {
  it.each([
    ['route', 'dierct', 'custom.route is'],
    ['dbAuth', 'imm', 'custom.dbAuth is'],
    ['dbKind', 'Cluster', 'route.dbKind is'],
  ])('fails the packaging by its name: %s', (name, value, message) => {
    expect(() => resolved({ [name]: value }).get('custom')).toThrow(message)
  })

  it('fails it when it is no number', async () => {
    await invoked // in the same directory
    await expect(shops[1]?.osls(['package', '--param', 'maxConnections=many'])).rejects.toMatchObject({
      stdout: expect.stringContaining("'custom.route.maxConnections': must be integer"),
    })
  })
})

describe('each function', () => {
  it.each(FUNCTIONS)('%s runs on nodejs24.x and arm64, in the VPC, with reserved concurrency', (name) => {
    expect(properties(`${name}LambdaFunction`)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: expect.stringMatching(/^handlers\/[a-z-]+\.handler$/),
      ReservedConcurrentExecutions: expect.any(Number),
      VpcConfig: {
        SecurityGroupIds: [{ 'Fn::GetAtt': ['FunctionSecurityGroup', 'GroupId'] }],
        SubnetIds: { 'Fn::Split': [',', 'subnet-11111111,subnet-22222222'] },
      },
      Environment: { Variables: { DB_HOST: expect.stringContaining('.rds.amazonaws.com'), DB_NAME: 'shop' } },
    })
    expect(properties(`${name}LogGroup`)).toMatchObject({ RetentionInDays: 14 })
  })

  it('is all there is', () => {
    expect(ofType('AWS::Lambda::Function')).toHaveLength(FUNCTIONS.length)
  })

  it('takes its password from Secrets Manager; the migration is another user', () => {
    const environment = (name: string) =>
      properties(name)?.Environment as { Variables: Record<string, string> }
    const { DB_USER, DB_PASSWORD } = environment('GetOrderLambdaFunction').Variables
    expect(DB_USER).toBe('shop')
    expect(DB_PASSWORD).toMatch(
      /^{{resolve:secretsmanager:arn:aws:.*:secret:shop\/database-\w+:SecretString:password}}$/,
    )
    expect(environment('MigrateLambdaFunction').Variables.DB_USER).toBe('shop_migration')
  })
})

describe('the database', () => {
  it('is reached by the functions on port 3306, and is all that they reach', () => {
    expect(waysOut(resources)).toEqual(['FunctionSecurityGroup to sg-33333333'])
    expect(waysIn(resources)).toEqual(['FunctionSecurityGroup to sg-33333333'])
  })

  it.each([
    [
      'cluster',
      [
        { Name: 'DBClusterIdentifier', Value: 'shop' },
        { Name: 'Role', Value: 'WRITER' },
      ],
    ],
    ['instance', [{ Name: 'DBInstanceIdentifier', Value: 'shop' }]],
  ])('rings when a %s has more than four fifths of its connections in use', (dbKind, Dimensions) => {
    const alarm = ownTemplate(resolved({ dbKind })).Resources.ConnectionsAlarm
    if (dbKind === 'cluster') expect(alarm).toEqual(resources.ConnectionsAlarm)
    expect(alarm?.Properties).toMatchObject({
      Metrics: [
        { Expression: '100 * connections / 1000' },
        { MetricStat: { Stat: 'Maximum', Metric: { MetricName: 'DatabaseConnections', Dimensions } } },
      ],
      ComparisonOperator: 'GreaterThanThreshold',
      Threshold: 80,
      TreatMissingData: 'missing', // or an alarm of a database that does not exist is OK
    })
  })
})

describe('events', () => {
  it('come by HTTP routes', () => {
    const routes = ofType('AWS::ApiGatewayV2::Route').map((route) => route.Properties.RouteKey)
    expect(routes.sort()).toEqual(['GET /orders/{id}', 'GET /products', 'POST /orders'])
  })

  it('come from a queue that is told which messages failed, bounded, and with an end', () => {
    const [mapping] = ofType('AWS::Lambda::EventSourceMapping')
    expect(mapping?.Properties).toMatchObject({
      BatchSize: 500,
      FunctionResponseTypes: ['ReportBatchItemFailures'],
      ScalingConfig: { MaximumConcurrency: 5 },
    })
    const { Timeout, ReservedConcurrentExecutions } = properties('ImportOrdersLambdaFunction') ?? {}
    expect(ReservedConcurrentExecutions).toBe(5)
    expect(properties('ImportQueue')).toMatchObject({
      VisibilityTimeout: 6 * Number(Timeout),
      RedrivePolicy: {
        deadLetterTargetArn: { 'Fn::GetAtt': ['ImportDeadLetters', 'Arn'] },
        maxReceiveCount: 5,
      },
    })
  })
})

describe('privileges', () => {
  const granted = () => JSON.stringify([...ofType('AWS::IAM::Role'), ...ofType('AWS::IAM::Policy')])

  it('are to write to the function’s own log, to join the VPC, and for the import to read its queue', () => {
    const [role] = (properties('ImportRole')?.Policies ?? []) as [{ PolicyDocument: { Statement: unknown } }]
    expect(role.PolicyDocument.Statement).toEqual([
      {
        Effect: 'Allow',
        Action: expect.arrayContaining(['ec2:CreateNetworkInterface', 'ec2:DeleteNetworkInterface']),
        Resource: '*',
      },
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': ['ImportOrdersLogGroup', 'Arn'] },
      },
      {
        Effect: 'Allow',
        Action: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        Resource: { 'Fn::GetAtt': ['ImportQueue', 'Arn'] },
      },
    ])
    expect(JSON.stringify(resources.HttpRole)).not.toContain('sqs:')
    expect(granted()).not.toMatch(/:\*"/) // no service granted whole
  })

  it('hold no rds-db:connect, and the package nothing of the AWS SDK, when passwords are used', () => {
    expect(granted()).not.toContain('rds-db')
    expect(holding(packages, SIGNER)).toEqual([])
    expect(holding(packages, /GetSecretValue|aws-sdk-js/)).toEqual([])
  })

  it('hold rds-db:connect on the database itself when tokens are used, and the functions ask for them', () => {
    const params = { dbAuth: 'iam', dbResourceId: 'db-ABC' }
    const service = join(import.meta.dirname, '../serverless.yml')
    const { functions } = readService(service, { params, env: {} })
    for (const { environment, unresolved } of functions)
      expect([environment.DB_AUTH, Object.keys(environment), unresolved]).toEqual([
        'iam',
        ['DB_HOST', 'DB_NAME', 'DB_USER', 'DB_AUTH'],
        {},
      ])
    const grants = JSON.stringify(ownTemplate(resolved(params))).match(/"rds-db:connect","Resource":.*?\]/g)
    expect(grants).toEqual(
      ['shop', 'shop_migration'].map((user) =>
        expect.stringContaining(`:dbuser:\${Id}/\${User}",{"Id":"db-ABC","User":"${user}"}]`),
      ),
    )
  })
})

describe('the package', () => {
  it('is one minified file per function, and nothing of the development', () => {
    expect(packages.map(({ files }) => Object.keys(files))).toEqual([
      ['handlers/get-order.mjs'],
      ['handlers/import-orders.mjs'],
      ['handlers/list-products.mjs'],
      ['handlers/migrate.mjs'],
      ['handlers/place-order.mjs'],
    ])
    expect(Math.max(...packages.map(({ size }) => size))).toBeLessThan(500_000)
    expect(holding(packages, /aws-lambda-ric|warmpool-local|sourceMappingURL/)).toEqual([])
    expect(holding(packages, /drizzle/)).toEqual(['listProducts.zip'])
  })

  const expected = { statusCode: 200, headers: { 'Content-Type': 'application/json' } }

  it('needs nothing beside it but a database', async () => {
    const answer = await getOrder42(packages, { DATABASE_URL: seeded.database.url })
    expect(answer).toMatchObject({ ...expected, body: expect.stringMatching(/^{"id":42,/) })
  })

  it('has handlers that run under osls invoke local, too', async () => {
    const { stdout } = await invoked
    expect(JSON.parse(stdout)).toMatchObject({ ...expected, body: { id: 42 } }) // osls shows a JSON body parsed
  })
})
