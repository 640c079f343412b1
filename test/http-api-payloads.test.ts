import type { APIGatewayProxyEventV2 } from 'aws-lambda'
import { describe, expect, it } from 'vitest'
import { toEvent } from '../local/src/http-api/event.ts'
import type { ApiRequest } from '../local/src/http-api/request.ts'
import { toResponse } from '../local/src/http-api/response.ts'
import getOrder from './events/get-order.json' with { type: 'json' }
import placeOrder from './events/place-order.json' with { type: 'json' }

const REQUEST: ApiRequest = {
  method: 'GET',
  path: '/orders/42',
  query: '',
  headers: [
    ['Host', 'localhost:3000'],
    ['User-Agent', 'curl/8.9.1'],
    ['Accept', 'application/json'],
    ['Accept-Encoding', 'gzip, deflate, br'],
    ['Connection', 'keep-alive'],
  ],
  body: Buffer.alloc(0),
  protocol: 'HTTP/1.1',
  sourceIp: '127.0.0.1',
  port: 3000,
}
const MATCH = { route: { method: 'GET', path: '/orders/{id}' }, pathParameters: { id: '42' } }
const DEFAULT = { route: { method: 'ANY', path: '$default' }, pathParameters: undefined }

/** The names in an object, with those below. */
function shape(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return typeof value
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shape(part)]))
}

describe('an event of an HTTP API', () => {
  it('has what one from AWS has, and no more', () => {
    const event: APIGatewayProxyEventV2 = toEvent(REQUEST, MATCH, getOrder.requestContext.timeEpoch)
    expect(shape(event)).toEqual(shape(getOrder))
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'GET /orders/{id}',
      rawPath: '/orders/42',
      pathParameters: { id: '42' },
      requestContext: { time: getOrder.requestContext.time, http: { method: 'GET', path: '/orders/42' } },
    })
    const body = Buffer.from(placeOrder.body)
    const headers = [
      ...REQUEST.headers,
      ['Content-Type', 'application/json'],
      ['Idempotency-Key', placeOrder.headers['idempotency-key']],
    ] as const
    const match = { route: { method: 'POST', path: '/orders' }, pathParameters: undefined }
    const posted = toEvent({ ...REQUEST, path: '/orders', body, headers }, match)
    expect(shape(posted)).toEqual(shape(placeOrder))
    expect(posted.headers['content-length']).toBe(placeOrder.headers['content-length'])
  })

  it("is the documentation's example for its request", () => {
    const event = toEvent(
      {
        ...REQUEST,
        method: 'POST',
        path: '/my/path',
        query: 'parameter1=value1&parameter1=value2&parameter2=value',
        headers: [
          ['Host', 'id.execute-api.us-east-1.amazonaws.com'],
          ['Header1', 'value1'],
          ['Header2', 'value1'],
          ['header2', 'value2'],
          ['Cookie', 'cookie1; cookie2'],
          ['User-Agent', 'agent'],
          ['Content-Type', 'text/plain'],
        ],
        body: Buffer.from('Hello from Lambda'),
      },
      DEFAULT,
      1583348638390,
    )
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: '$default',
      rawPath: '/my/path',
      rawQueryString: 'parameter1=value1&parameter1=value2&parameter2=value',
      cookies: ['cookie1', 'cookie2'],
      headers: { header1: 'value1', header2: 'value1,value2' },
      queryStringParameters: { parameter1: 'value1,value2', parameter2: 'value' },
      requestContext: {
        accountId: '123456789012',
        domainName: 'id.execute-api.us-east-1.amazonaws.com',
        domainPrefix: 'id',
        http: { method: 'POST', path: '/my/path', protocol: 'HTTP/1.1', userAgent: 'agent' },
        routeKey: '$default',
        stage: '$default',
        time: '04/Mar/2020:19:03:58 +0000',
        timeEpoch: 1583348638390,
      },
      body: 'Hello from Lambda',
      isBase64Encoded: false,
    })
    expect(event).not.toHaveProperty('pathParameters')
    expect(event.headers).not.toHaveProperty('cookie')
  })

  it('has the path decoded and cut at an encoded question mark, the query string as it came and its values decoded', () => {
    const event = toEvent({ ...REQUEST, path: '/a%20b/%C3%A9%3Fq=1', query: 'x=a%20b+c%26&y&z=' }, DEFAULT)
    expect(event).toMatchObject({
      rawPath: '/a b/é',
      rawQueryString: 'x=a%20b+c%26&y&z=',
      queryStringParameters: { x: 'a b c&', y: '', z: '' },
    })
  })

  it.each([
    ['text/csv; charset=utf-8', false],
    ['application/json', false],
    ['Application/JSON; charset=utf-8', false],
    ['application/xml', false],
    ['application/javascript', false],
    ['application/x-www-form-urlencoded', true],
    ['application/problem+json', true],
    ['application/jsonlines', true],
    ['image/png', true],
    [undefined, true],
  ])('with a body of the type %s says %s to base64', (type, isBase64Encoded) => {
    const headers = type === undefined ? [] : [['Content-Type', type] as const]
    const body = Buffer.from('a=ü')
    expect(toEvent({ ...REQUEST, headers, body }, DEFAULT)).toMatchObject({
      body: isBase64Encoded ? body.toString('base64') : 'a=ü',
      isBase64Encoded,
    })
  })

  it('adds its caller to those that a proxy before it has named', () => {
    const headers = [['X-Forwarded-For', '203.0.113.7']] as const
    expect(toEvent({ ...REQUEST, headers }, DEFAULT).headers['x-forwarded-for']).toBe(
      '203.0.113.7, 127.0.0.1',
    )
  })
})

describe('an answer that an HTTP API reads', () => {
  const JSON_TYPE = ['content-type', 'application/json']

  it.each([
    // The documentation's own two.
    ['Hello from Lambda!', 'Hello from Lambda!'],
    [{ message: 'Hello from Lambda!' }, '{"message":"Hello from Lambda!"}'],
    [[1, 2], '[1,2]'],
    [{ statusText: 'x' }, '{"statusText":"x"}'],
    [12, '12'],
    [null, 'null'],
  ])('%j without a status code is the body of a 200', (answer, body) => {
    expect(toResponse(answer)).toEqual({ statusCode: 200, headers: [JSON_TYPE], body: Buffer.from(body) })
  })

  it('has status, headers, cookies and body', () => {
    const answer = {
      cookies: ['a=1; Path=/', 'b=2'],
      isBase64Encoded: false,
      statusCode: 201,
      headers: { 'Content-Type': 'text/html', Location: '/orders/1', 'Content-Length': '999', 'X-Number': 7 },
      body: 'ü',
    }
    expect(toResponse(answer)).toEqual({
      statusCode: 201,
      headers: [
        ['content-type', 'text/html'],
        ['location', '/orders/1'],
        ['x-number', '7'],
        ['set-cookie', 'a=1; Path=/'],
        ['set-cookie', 'b=2'],
      ],
      body: Buffer.from('ü'),
    })
  })

  it('may be base64, may have a status code as a text, and may say very little', () => {
    const body = Buffer.from([0, 255, 10])
    expect(
      toResponse({ statusCode: 200, body: body.toString('base64'), isBase64Encoded: true }),
    ).toMatchObject({ body })
    const plain = ['content-type', 'text/plain; charset=utf-8']
    expect(toResponse({ statusCode: '204' })).toEqual({
      statusCode: 204,
      headers: [plain],
      body: Buffer.alloc(0),
    })
  })

  it.each([
    [{ statusCode: 'fine' }, 'its statusCode is "fine", but must be a number from 200 to 599'],
    [{ statusCode: 99 }, 'its statusCode is 99'],
    [
      { statusCode: 200, body: { a: 1 } },
      'its body is of the type object, but must be a text: JSON.stringify() it',
    ],
    [{ statusCode: 200, body: [1] }, 'its body is an array'],
    [{ statusCode: 200, headers: 'x' }, 'its headers are no object'],
    [{ statusCode: 200, cookies: 'a=1' }, 'its cookies are no array'],
    [
      { statusCode: 200, headers: { 'a b': '1' } },
      'its header "a b" has a name or a value that HTTP does not allow',
    ],
    [{ statusCode: 200, headers: { a: 'x\r\ny: z' } }, 'its header "a" has a name or a value'],
  ])('is refused when it is %j', (answer, why) => {
    expect(toResponse(answer)).toContain(why)
  })
})
