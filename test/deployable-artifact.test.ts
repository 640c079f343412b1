import { execFile } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openShop } from './open-shop.ts'
import { ShopCopy, unpack } from './packaged-shop.ts'

type Packages = Awaited<ReturnType<ShopCopy['packages']>>
type Resources = Awaited<ReturnType<ShopCopy['resources']>>

const FUNCTIONS = ['GetOrder', 'PlaceOrder', 'ListProducts', 'ImportOrders', 'Migrate']

let shop: ShopCopy
let packages: Packages
let resources: Resources
beforeAll(async () => {
  shop = await ShopCopy.make()
  await shop.osls(['package'])
  packages = await shop.packages()
  resources = await shop.resources()
}, 60_000)
afterAll(() => shop[Symbol.asyncDispose]())

const properties = (name: string) => resources[name]?.Properties
const ofType = (type: string) => Object.values(resources).filter((resource) => resource.Type === type)
/** The names of the packages that hold a text. Not the text itself: a megabyte in a failure's message helps nobody. */
const holding = (all: Packages, text: RegExp) =>
  all.filter(({ files }) => text.test(Buffer.concat(Object.values(files)).toString())).map(({ name }) => name)
const SIGNER = /AWS4-HMAC-SHA256/

describe('each function', () => {
  it.each(FUNCTIONS)('%s runs on nodejs24.x and arm64, in the VPC, with reserved concurrency', (name) => {
    expect(properties(`${name}LambdaFunction`)).toMatchObject({
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      Handler: expect.stringMatching(/^handlers\/[a-z-]+\.handler$/),
      ReservedConcurrentExecutions: expect.any(Number),
      VpcConfig: {
        SecurityGroupIds: ['sg-33333333'],
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
    expect(DB_PASSWORD).toBe('{{resolve:secretsmanager:shop/database:SecretString:password}}')
    expect(environment('MigrateLambdaFunction').Variables.DB_USER).toBe('shop_migration')
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

  it('hold no rds-db:connect, and the package no token signer, when passwords are used', () => {
    expect(granted()).not.toContain('rds-db')
    expect(holding(packages, SIGNER)).toEqual([])
  })

  it('hold rds-db:connect for the one user of the one database with IAM, and the package the signer', async () => {
    await using other = await ShopCopy.make()
    await other.osls(['package', '--param', 'dbAuth=iam', '--param', 'dbResourceId=prx-0123'])
    const { ConnectAsShop, ConnectAsMigration, GetOrderLambdaFunction } = await other.resources()
    // biome-ignore lint/suspicious/noTemplateCurlyInString: for CloudFormation to fill
    const arn = 'arn:${AWS::Partition}:rds-db:${AWS::Region}:${AWS::AccountId}:dbuser:prx-0123'
    const connect = { Effect: 'Allow', Action: 'rds-db:connect' }
    expect(ConnectAsShop?.Properties).toMatchObject({
      Roles: [{ Ref: 'HttpRole' }, { Ref: 'ImportRole' }],
      PolicyDocument: { Statement: { ...connect, Resource: { 'Fn::Sub': `${arn}/shop` } } },
    })
    expect(ConnectAsMigration?.Properties).toMatchObject({
      Roles: [{ Ref: 'MigrateRole' }],
      PolicyDocument: { Statement: { ...connect, Resource: { 'Fn::Sub': `${arn}/shop_migration` } } },
    })
    expect(JSON.stringify(GetOrderLambdaFunction)).toContain('"DB_AUTH":"iam"')
    expect(JSON.stringify(GetOrderLambdaFunction)).not.toContain('DB_PASSWORD')
    expect(holding(await other.packages(), SIGNER)).toHaveLength(FUNCTIONS.length)
  }, 60_000)
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

  describe('with a database', () => {
    const expected = { statusCode: 200, headers: { 'Content-Type': 'application/json' } }
    let seeded: Awaited<ReturnType<typeof openShop>>
    beforeAll(async () => {
      seeded = await openShop()
    }, 60_000)
    afterAll(() => seeded[Symbol.asyncDispose]())

    it('needs nothing beside it', async () => {
      const task = await unpack(packages.find(({ name }) => name === 'getOrder.zip')?.files ?? {})
      const script = `import { handler } from './handlers/get-order.mjs'
        console.log(JSON.stringify(await handler({ version: '2.0', pathParameters: { id: '42' } }, {})))
        process.exit()`
      const { stdout } = await promisify(execFile)(
        process.execPath,
        ['--input-type=module', '--eval', script],
        {
          cwd: task,
          env: { DATABASE_URL: seeded.database.url },
        },
      )
      await rm(task, { recursive: true })
      const answer = JSON.parse(stdout)
      expect(answer).toMatchObject(expected)
      expect(JSON.parse(answer.body)).toMatchObject({ id: 42 })
    })

    it('runs under osls invoke local', async () => {
      const invoke = ['invoke', 'local', '--function', 'getOrder', '--path', 'test/events/get-order.json']
      const answer = JSON.parse(await shop.osls(invoke, { DATABASE_URL: seeded.database.url }))
      expect(answer).toMatchObject({ ...expected, body: { id: 42 } }) // osls shows a JSON body parsed
    }, 30_000)
  })
})
