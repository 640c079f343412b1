// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of serverless.yml are written like this
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { chooseFunction } from '../local/src/service/choose-function.ts'
import { readService } from '../local/src/service/service.ts'

const directory = mkdtempSync(join(tmpdir(), 'service-functions-'))
afterAll(() => rmSync(directory, { recursive: true }))
for (const file of ['get.ts', 'get.js', 'old.mjs']) writeFileSync(join(directory, file), '')

const SERVICE = `
service: shop
provider:
  name: aws
  timeout: 10
  environment: { STAGE: "\${sls:stage}", DB_HOST: "\${ssm:/host}", TABLE: all }
functions:
  get:
    handler: get.handler
    environment: { TABLE: own, DB_PASSWORD: "{{resolve:secretsmanager:db:SecretString:password}}", DB_AUTH: iam, PORT: 80 }
    events:
      - httpApi: GET /orders/{id}
      - httpApi: { method: "*", path: /any, authorizer: { name: a } }
      - httpApi: "*"
      - http: { method: post, path: old }
      - sqs: { arn: !GetAtt Queue.Arn }
      - schedule: rate(1 day)
      - alexaSkill
  secret:
    handler: old.main
    timeout: 3
    reservedConcurrency: 4
    environment: { API_KEY: "\${ssm:/key}", TABLE: !Ref Table }
  queue: { handler: old.main, environment: { QUEUE: !GetAtt Queue.Arn, STAGE: x } }
  auth: { handler: old.main, environment: { DB_AUTH: "\${ssm:/auth}" } }
  gone: { handler: src/gone.handler }
  odd: { handler: noexport }
  image: { image: repository }
  snake: { handler: a.b, runtime: python3.13 }
`
const file = join(directory, 'serverless.yml')
writeFileSync(file, SERVICE)

/** The database is not theirs here. */
const databaseUrl = 'mysql://me:p%40ss@127.0.0.1:3307/local'

describe('a function of serverless.yml', () => {
  const service = readService(file, { env: {} })

  it('has its source, its limits and its routes', () => {
    expect(chooseFunction(service, 'get', { databaseUrl })).toMatchObject({
      source: join(directory, 'get.ts'), // not what was made of it
      exportName: 'handler',
      deployedName: 'shop-dev-get',
      timeout: 10_000,
      memory: 1024,
      runtime: 'nodejs24.x',
      architecture: 'x86_64',
      routes: [
        { api: 'http', method: 'GET', path: '/orders/{id}', authorized: false },
        { api: 'http', method: 'ANY', path: '/any', authorized: true },
        { api: 'http', method: 'ANY', path: '$default', authorized: false },
        { api: 'rest', method: 'POST', path: '/old', authorized: false },
      ],
      events: ['sqs', 'schedule', 'alexaSkill'],
    })
    const env = { API_KEY: 'k', TABLE: 't', DB_HOST: 'h' }
    expect(chooseFunction(service, 'secret', { env })).toMatchObject({
      source: join(directory, 'old.mjs'),
      exportName: 'main',
      timeout: 3000,
      reservedConcurrency: 4,
    })
  })

  it('finds the local database under the names of its own, and keeps the rest of its environment', () => {
    const { environment } = chooseFunction(service, 'get', { databaseUrl })
    expect(environment).toEqual({
      STAGE: 'dev',
      TABLE: 'own',
      PORT: '80',
      DB_HOST: '127.0.0.1',
      DB_PASSWORD: 'p@ss',
      DATABASE_URL: databaseUrl,
    })
  })

  it('needs no variable that only said how to get at its own database', () => {
    const { environment } = chooseFunction(service, 'auth', { databaseUrl })
    expect(environment).toEqual({
      STAGE: 'dev',
      TABLE: 'all',
      DB_HOST: '127.0.0.1',
      DATABASE_URL: databaseUrl,
    })
  })

  it('has what was given before what is written, and before the local database', () => {
    const env = { API_KEY: 'k', TABLE: 't', DB_HOST: 'db.example.com' }
    expect(chooseFunction(service, 'secret', { env, databaseUrl }).environment).toEqual({
      STAGE: 'dev',
      DATABASE_URL: databaseUrl,
      ...env,
    })
  })

  it.each([
    [
      'get',
      {},
      'The function get has the variable DB_HOST: ${ssm:/host}, which is known only in an AWS account: give it with --env DB_HOST=value.',
    ],
    [
      'get',
      { env: { DB_HOST: 'h' } },
      'has the variable DB_PASSWORD: {{resolve:secretsmanager:db:SecretString:password}}, which',
    ],
    ['secret', { databaseUrl }, 'the variable TABLE: !Ref Table, which is known only in an AWS account'],
    ['secret', { databaseUrl, env: { TABLE: 't' } }, 'the variable API_KEY: ${ssm:/key}, which'],
    ['queue', { databaseUrl }, 'the variable QUEUE: !GetAtt Queue.Arn, which'],
    [
      'got',
      {},
      'The service shop has no function got: its functions are get, secret, queue, auth, gone, odd, image, snake.',
    ],
    ['gone', { databaseUrl }, 'The function gone has its handler in '],
    [
      'odd',
      { databaseUrl },
      'The function odd has the handler noexport, but must have one such as handlers/get-order.handler.',
    ],
    ['image', { databaseUrl }, 'The function image has no handler, but'],
    ['snake', { databaseUrl }, "The function snake is one of python3.13: only Node's can be run here."],
  ])('%s with %j is refused in one sentence', (name, values, sentence) => {
    expect(() => chooseFunction(service, name, values)).toThrow(sentence)
  })
})

describe('a service', () => {
  it.each([
    ['', 'has no `service:` with its name, so it is no serverless.yml.'],
    ['service: { name: a }', 'has no `service:`'],
    [
      'service: a\nfunctions: { a: { handler: a.b, timeout: soon } }',
      'functions.a.timeout is "soon", but must be a whole number.',
    ],
    [
      'service: a\nfunctions: { a: { handler: a.b, timeout: "${ssm:/t}" } }',
      'functions.a.timeout is ${ssm:/t}, which is known only in an AWS account, but must be a whole number.',
    ],
    [
      'service: a\nfunctions: { a: { handler: a.b, environment: "${param:none}" } }',
      'functions.a.environment is ${param:none}, which is given by no --param and not in the stage dev, but must be a map.',
    ],
    [
      'service: a\nfunctions: { a: { handler: a.b, environment: { X: [1] } } }',
      'The variable X of the environment is [1], but must be a text.',
    ],
    [
      'service: a\nfunctions: { a: { handler: a.b, events: [{ httpApi: nonsense }] } }',
      'functions.a has the event httpApi: "nonsense", but must be a text such as',
    ],
  ])('of %j is refused in one sentence', (yaml, sentence) => {
    const bad = join(directory, 'bad.yml')
    writeFileSync(bad, yaml)
    expect(() => readService(bad, { env: {} })).toThrow(sentence)
  })

  it('that is not there is told', () => {
    expect(() => readService(join(directory, 'none.yml'))).toThrow(
      /^There is no .*none\.yml: name the service's file with --config\.$/,
    )
    expect(() => readService('serverless.ts')).toThrow(/must be a \.yml, \.yaml or \.json file/)
  })
})
