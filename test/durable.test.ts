import {
  type DurableContext,
  type DurableLambdaHandler,
  withDurableExecution,
} from '@aws/durable-execution-sdk-js'
import middy from '@middy/core'
import { executionModeDurableContext } from '@middy/core/DurableContext'
import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import mysqlPool, { createPool, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { executeDurably } from './support/durable-service.ts'

const server = databaseForFile()
let pool: Pool
let leaks: { what: string; requestId: string | undefined }[]

beforeAll(() => server.current.query('CREATE TABLE payments (customer VARCHAR(20), attempt INT)'))
beforeEach(async () => {
  await server.current.query('TRUNCATE payments')
  open()
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await pool.end()
})

async function reopen(): Promise<void> {
  await pool.end()
  open()
}

function open(): void {
  leaks = []
  pool = createPool({ connection: server.current.url, connectionLimit: 2, deadlineMargin: 400 })
  pool.on('leak', ({ what, requestId }) => leaks.push({ what, requestId }))
}

type Durable = (event: unknown, context: DurableContext) => Promise<unknown>

/**
 * Runs it to its end, and says of each of its invocations how it was answered, and whether rows were locked then.
 *
 * @param times milliseconds that the first invocations have; the others have plenty
 */
async function execute(handler: DurableLambdaHandler, times: number[] = []) {
  const invocations: [status: string, rows: 'free' | 'locked'][] = []
  const answer = await executeDurably(
    handler,
    (invocation) => contextFor(times[invocation] ?? 30_000),
    async (status) => {
      invocations.push([status, await rows()])
    },
  )
  if (answer.Status === 'FAILED') throw new Error(answer.Error.ErrorMessage)
  return { result: answer.Result && JSON.parse(answer.Result), invocations }
}

async function rows(): Promise<'free' | 'locked'> {
  try {
    await server.current.query('SELECT * FROM payments FOR UPDATE NOWAIT')
    return 'free'
  } catch (error) {
    if ((error as { code: string }).code !== 'ER_LOCK_WAIT_TIMEOUT') throw error
    return 'locked'
  }
}

const payments = () => server.current.query('SELECT customer, attempt FROM payments ORDER BY customer')
const pay = (customer: string, attempt = 1) =>
  pool.transaction((tx) =>
    tx.query('INSERT INTO payments VALUES (?, ?)', [customer, attempt]).then(() => customer),
  )

/** Holds a transaction across a suspension, the first time that it runs. */
function holding(): Durable {
  let runs = 0
  return async (_event, context) => {
    if (++runs === 1) {
      const connection = await pool.getConnection()
      await connection.beginTransaction()
      await connection.query("INSERT INTO payments VALUES ('half', 1)")
    }
    await context.wait({ seconds: 1 })
    return context.step('pay', () => pay('whole'))
  }
}

const outside = {
  'wrap around the durable function': (work: Durable) => pool.wrap(withDurableExecution(work)),
  'middy around the durable function': (work: Durable) =>
    middy()
      .use(mysqlPool({ pool }))
      .handler(withDurableExecution(work) as never) as unknown as DurableLambdaHandler,
  "wrap around middy's durable mode": (work: Durable) => pool.wrap(durableMiddy(work)),
}
const inside = {
  'wrap inside the durable function': (work: Durable) => withDurableExecution(pool.wrap(work)),
  "mysqlPool in middy's durable mode": (work: Durable) => durableMiddy(work),
}

function durableMiddy(work: Durable): DurableLambdaHandler {
  const chain = middy({ executionMode: executionModeDurableContext }).use(mysqlPool({ pool }))
  return chain.handler(work as never) as unknown as DurableLambdaHandler
}

describe.each(Object.entries(outside))('%s', (_name, durable) => {
  test('a transaction held across a suspension is rolled back before the suspension is answered, and told', async () => {
    const { invocations } = await execute(durable(holding()))
    expect(invocations).toEqual([
      ['PENDING', 'free'],
      ['SUCCEEDED', 'free'],
    ])
    expect(await payments()).toEqual([{ customer: 'whole', attempt: 1 }])
    expect(leaks).toMatchObject([{ what: expect.stringContaining('getConnection()') }])
    expect(pool.stats()).toMatchObject({ opened: 1, inUse: 0 })
  })

  test('a step that fails half way is rolled back, tried again, and not run again by a replay', async () => {
    const attempts: number[] = []
    const { result, invocations } = await execute(
      durable(async (_event, context) => {
        const paid = await context.step('pay', ({ attempt }) => {
          attempts.push(attempt)
          return pool.transaction(async (tx) => {
            await tx.query('INSERT INTO payments VALUES (?, ?)', ['ada', attempt])
            if (attempt === 1) throw new Error('the bank does not answer')
            return 'ada'
          })
        })
        await context.wait({ seconds: 1 })
        return `${paid} paid`
      }),
    )
    expect(result).toBe('ada paid')
    expect(attempts).toEqual([1, 2])
    expect(await payments()).toEqual([{ customer: 'ada', attempt: 2 }])
    expect(invocations).toEqual([
      ['PENDING', 'free'],
      ['PENDING', 'free'],
      ['SUCCEEDED', 'free'],
    ])
    expect(leaks).toEqual([])
  })

  test("a step is bounded by the function's time, and tried again when there is more of it", async () => {
    const errors: unknown[] = []
    const { invocations } = await execute(
      durable((_event, context) =>
        context.step('pay', ({ attempt }) =>
          pool
            .transaction(async (tx) => {
              await tx.query('INSERT INTO payments VALUES (?, ?)', ['ada', attempt])
              await tx.query(`SELECT SLEEP(${attempt === 1 ? 5 : 0})`)
            })
            .catch((error) => {
              errors.push(error.code)
              throw error
            }),
        ),
      ),
      [800],
    )
    expect(errors).toEqual(['DEADLINE_EXCEEDED'])
    expect(invocations.at(-1)).toEqual(['SUCCEEDED', 'free'])
    expect(await payments()).toEqual([{ customer: 'ada', attempt: 2 }])
  })

  test('steps that run beside each other, wrapped again, share the invocation', async () => {
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', 'one at a time')
    await reopen()
    const { result } = await execute(
      durable(async (_event, context) => {
        const both = await context.parallel(
          'both',
          ['ada', 'bob'].map((name) => (branch: DurableContext) => branch.step(pool.wrap(() => pay(name)))),
        )
        return both.getResults()
      }),
    )
    expect(result).toEqual(['ada', 'bob'])
    expect(await payments()).toHaveLength(2)
    expect(leaks).toEqual([])
  })
})

describe.each(Object.entries(inside))('%s', (_name, durable) => {
  test('what is open at a suspension stays open until Lambda starts the next invocation', async () => {
    vi.stubEnv('AWS_LAMBDA_RUNTIME_API', 'one at a time')
    await reopen()
    const { invocations } = await execute(durable(holding()))
    expect(invocations).toEqual([
      ['PENDING', 'locked'],
      ['SUCCEEDED', 'free'],
    ])
    expect(await payments()).toEqual([{ customer: 'whole', attempt: 1 }])
    expect(leaks).toMatchObject([{ what: expect.stringContaining('getConnection()') }])
  })
})

test('an execution that suspends takes nothing from another that goes on in the same process', async () => {
  const suspended = Promise.withResolvers<void>()
  const started = Promise.withResolvers<void>()
  const goingOn = execute(
    pool.wrap(
      withDurableExecution((_event, context) =>
        context.step('pay', () =>
          pool.transaction(async (tx) => {
            await tx.query("INSERT INTO payments VALUES ('ada', 1)")
            started.resolve()
            await suspended.promise
            await tx.query("INSERT INTO payments VALUES ('ada', 2)")
          }),
        ),
      ),
    ),
  )
  await Promise.race([started.promise, goingOn])
  await execute(pool.wrap(withDurableExecution(holding())))
  suspended.resolve()
  await goingOn
  expect(await payments()).toEqual([
    { customer: 'ada', attempt: 1 },
    { customer: 'ada', attempt: 2 },
    { customer: 'whole', attempt: 1 },
  ])
})

test('a wrap around a step joins the one around the function, and alone is an invocation of its own', async () => {
  const paying = (_event: unknown, context: DurableContext) =>
    context.step(
      'pay',
      pool.wrap(async () => {
        const connection = await pool.getConnection()
        await connection.query("INSERT INTO payments VALUES ('ada', 1)")
      }),
    )
  await execute(withDurableExecution(paying))
  expect(leaks).toMatchObject([{ requestId: undefined }])
  await reopen() // a place is told once for each pool
  await execute(pool.wrap(withDurableExecution(paying)))
  expect(leaks).toMatchObject([{ requestId: expect.stringContaining('request-') }])
})
