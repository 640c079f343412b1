import { Worker } from 'node:worker_threads'
import fc from 'fast-check'
import { beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LocalLambda } from '../local/src/function/local-lambda.ts'
import type { InvocationResult, InvokeOptions } from '../local/src/lambda/container.ts'
import type { threadsHere } from '../src/options/threads.ts'
import { shareOf, workerCount } from '../src/policy/threads.ts'
import { databaseForFile } from './support/database.ts'
import { functionsOf } from './support/functions.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const server = databaseForFile()
const functions = functionsOf({ threaded: 'test/support/threaded-handler.ts' })

beforeAll(() =>
  server.current.query('CREATE TABLE notes (request VARCHAR(36), text VARCHAR(20), session BIGINT)'),
)
beforeEach(async () => {
  await server.current.query('TRUNCATE notes')
  await server.current.killConnections() // of the test before
  await vi.waitFor(async () => expect(await status('Threads_connected')).toBe(1)) // the administrator's
  await server.current.query('FLUSH STATUS')
})

async function status(name: string): Promise<number> {
  const [row] = await server.current.query(`SHOW GLOBAL STATUS LIKE '${name}'`)
  return Number(row?.Value)
}

/** The most connections that the server has had at once, by its own count. */
const mostConnections = async () => (await status('Max_used_connections')) - 1

async function notesOf(request: string): Promise<string[]> {
  const rows = await server.current.query('SELECT text FROM notes WHERE request = ?', [request])
  return rows.map(({ text }) => text).sort()
}

interface Response {
  did: unknown
  threadId: number
  limit: number
  containerLimit: number
}

async function responseOf(invoked: Promise<InvocationResult>): Promise<Response> {
  const result = await invoked
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.response as Response
}

describeUnderEachRuntime((runtime) => {
  /** AWS's client runs the handler in as many worker threads as it is told to; the loop has only the main one. */
  const threadsOf = (workers: number) => (runtime === 'ric' ? workers : 1)
  const threads = threadsOf(2)

  /** A container in which every thread has loaded the handler. */
  async function start(limit: number, workers = 2): Promise<LocalLambda> {
    const { url: DATABASE_URL } = server.current
    const env = { DATABASE_URL, LIMIT: `${limit}`, AWS_LAMBDA_NODEJS_WORKER_COUNT: `${workers}` }
    const options = { runtime, env, concurrency: 12, maxContainers: 1, timeout: 20_000 }
    const lambda = await functions.start('threaded', options)
    const seen = new Set<number>()
    while (seen.size < threadsOf(workers)) seen.add((await responseOf(lambda.invoke())).threadId)
    return lambda
  }

  const invoke = async (lambda: LocalLambda, work: string, options?: InvokeOptions) => {
    const invoked = lambda.invoke({ do: work }, options)
    return { work, ...(await responseOf(invoked)), request: (await invoked).requestId }
  }

  test('twelve invocations at once are served within the bound, and none meets what another left', async () => {
    const lambda = await start(4)
    const all = Array.from({ length: 12 }, (_, i) => invoke(lambda, i % 2 ? 'order' : 'leave'))
    const served = await Promise.all(all)

    expect(new Set(served.map(({ threadId }) => threadId)).size).toBe(threads)
    for (const { request, did, limit, containerLimit } of served) {
      expect({ did, limit, containerLimit }).toEqual({ did: null, limit: 4 / threads, containerLimit: 4 })
      expect(await notesOf(request)).toEqual(['first', 'plain', 'second'])
    }
    expect(await mostConnections()).toBe(4)

    // Each thread tells once of the place where they leave something, in the name of one that did, in that thread.
    const leaving = served.filter(({ work }) => work === 'leave')
    await vi.waitFor(() => {
      const told = [...lambda.output.matchAll(/thread <(\d+)> told of <(.+?)>/g)]
      expect(new Set(told.map(([, thread]) => Number(thread)))).toEqual(
        new Set(leaving.map(({ threadId }) => threadId)),
      )
      for (const [, thread, request] of told)
        expect(leaving).toContainEqual(expect.objectContaining({ threadId: Number(thread), request }))
    })
    expect(lambda.output).not.toContain('connectionLimit')
  })

  test('a transaction stays on one session, and is in nobody else’s', async () => {
    const lambda = await start(2)
    const served = await Promise.all(Array.from({ length: 12 }, () => invoke(lambda, 'order')))
    for (const { request } of served) {
      const [row] = await server.current.query(
        "SELECT COUNT(DISTINCT session) AS sessions FROM notes WHERE request = ? AND text <> 'plain'",
        [request],
      )
      expect(row?.sessions).toBe(1)
    }
    expect(await mostConnections()).toBeLessThanOrEqual(2)
  })

  test('there is one connection for each thread at least, and the real total is told once', async () => {
    const lambda = await start(1)
    const served = await Promise.all(Array.from({ length: 12 }, () => invoke(lambda, 'order')))
    for (const response of served) expect(response).toMatchObject({ limit: 1, containerLimit: threads })
    expect(await mostConnections()).toBe(threads)
    const told = lambda.output.match(/told: .*connectionLimit 1 .*2 worker threads.*up to 2/g) ?? []
    expect(told).toHaveLength(threads - 1)
  })

  test('the deadline of one stops nothing of the others in its thread', async () => {
    const lambda = await start(4, 1)
    await server.current.query("DO GET_LOCK('all stopped', 0)")
    const outlasting = [1, 2].map(() => invoke(lambda, 'outlast'))
    const hanging = [1, 2].map(() => invoke(lambda, 'hang', { timeout: 2000 }))
    for (const { did, request } of await Promise.all(hanging)) {
      expect(did).toEqual(['DEADLINE_EXCEEDED', 'DEADLINE_EXCEEDED'])
      expect(await notesOf(request)).toEqual([])
    }
    expect(lambda.containers[0]?.state).toBe('busy')
    await server.current.query("DO RELEASE_LOCK('all stopped')")
    for (const { request } of await Promise.all(outlasting))
      expect(await notesOf(request)).toEqual(['after', 'before'])
  })
})

describe('which threads share the bound', () => {
  const MODULE = new URL('../src/options/threads.ts', import.meta.url).href

  /** What a thread of its own finds. */
  function threadIn(env: Record<string, string>): Promise<ReturnType<typeof threadsHere>> {
    const source = `import(${JSON.stringify(MODULE)}).then(({ threadsHere }) =>
      require('node:worker_threads').parentPort.postMessage(threadsHere()))`
    return new Promise((resolve, reject) => {
      new Worker(source, { eval: true, env, execArgv: [] }).once('message', resolve).once('error', reject)
    })
  }

  test('the workers of Lambda’s runtime do, and one of them is the first', async () => {
    const env = { AWS_LAMBDA_MAX_CONCURRENCY: '64', AWS_LAMBDA_NODEJS_WORKER_COUNT: '3' }
    const workers = await Promise.all([1, 2, 3].map(() => threadIn(env)))
    expect(workers.map(({ count }) => count)).toEqual([3, 3, 3])
    expect(workers.filter(({ first }) => first)).toHaveLength(1)
  })

  test('threads of one’s own elsewhere do not', async () => {
    const env = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '3' }
    expect(await threadIn(env)).toEqual({ count: 1, first: true })
  })
})

test.each([
  ['as many as are asked for', '5', '100000 100000', 2, 5],
  ['8 for one CPU', undefined, '100000 100000', 4, 8],
  ['a part of a CPU is a whole one', undefined, '150000 100000\n', 4, 16],
  ['no quota: the cores', undefined, 'max 100000', 3, 24],
  ['no cgroup: one CPU', undefined, undefined, 3, 8],
  ['nothing that can be read: one CPU', undefined, 'much 100000', 3, 8],
  ['an empty setting is none', '', '100000 100000', 4, 8],
  ['no number', 'many', '100000 100000', 4, 1],
])('workers of the runtime: %s', (_name, asked, cpuMax, cores, workers) => {
  expect(workerCount(asked, cpuMax, cores)).toBe(workers)
})

test('every thread has a connection, and together they have no more than the bound where it has one for each', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 512 }), (bound, threads) => {
      const { limit, containerLimit } = shareOf(bound, threads)
      expect(limit).toBeGreaterThanOrEqual(1)
      expect(containerLimit).toBe(limit * threads)
      if (bound >= threads) {
        expect(containerLimit).toBeLessThanOrEqual(bound)
        expect(containerLimit).toBeGreaterThan(bound - threads)
      }
    }),
  )
})
