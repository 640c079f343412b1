import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda'
import { vi } from 'vitest'
import { type Database, startDatabase } from '../local/src/database/database.ts'
import getOrder from './events/get-order.json' with { type: 'json' }
import listProducts from './events/list-products.json' with { type: 'json' }
import placeOrder from './events/place-order.json' with { type: 'json' }

type Handler = (event: never, context: never) => Promise<unknown>

/** The shop's handlers in this process, over a seeded private database. */
export async function openShop() {
  vi.stubEnv('DATABASE_URL', undefined)
  const database = await startDatabase()
  vi.stubEnv('DATABASE_URL', database.url)
  const { pool } = await import('../handlers/database.ts')
  const { seed } = await import('../scripts/seed.ts')
  await seed(pool)
  return {
    database,
    count: (table: string) => count(database, table),
    stock: (productId: number) => stock(database, productId),
    async [Symbol.asyncDispose]() {
      await pool.end()
      await database[Symbol.asyncDispose]()
    },
  }
}

/** Calls a handler as Lambda does. @param remaining milliseconds until its deadline */
export async function invoke<Result>(handler: unknown, event: unknown, remaining = 10_000): Promise<Result> {
  const deadline = Date.now() + remaining
  const context: Partial<Context> = {
    awsRequestId: crypto.randomUUID(),
    functionName: 'shop',
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
  return (await (handler as Handler)(structuredClone(event) as never, context as never)) as Result
}

/** The status and the body, parsed when it says that it is JSON. */
export async function answerOf(handler: unknown, event: APIGatewayProxyEventV2, remaining?: number) {
  const { statusCode, headers, body } = await invoke<APIGatewayProxyStructuredResultV2>(
    handler,
    event,
    remaining,
  )
  const isJson = headers?.['Content-Type'] === 'application/json'
  return { status: statusCode, headers, body: isJson ? JSON.parse(String(body)) : body }
}

export const getOrderEvent = (id: unknown): APIGatewayProxyEventV2 => ({
  ...getOrder,
  pathParameters: { id: String(id) },
})

export const listProductsEvent = (query?: Record<string, string>): APIGatewayProxyEventV2 => {
  const { queryStringParameters, ...event } = listProducts
  return query ? { ...event, queryStringParameters: query } : event
}

export const placeOrderEvent = (body: unknown, key?: string): APIGatewayProxyEventV2 => {
  const { 'idempotency-key': _, ...headers } = placeOrder.headers
  return {
    ...placeOrder,
    headers: key === undefined ? headers : { ...headers, 'idempotency-key': key },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  }
}

async function count(database: Database, table: string): Promise<number> {
  const [row] = await database.query(`SELECT COUNT(*) AS n FROM ${table}`)
  return Number(row?.n)
}

async function stock(database: Database, productId: number): Promise<number> {
  const [row] = await database.query('SELECT stock FROM products WHERE id = ?', [productId])
  return Number(row?.stock)
}
