/** The handler of test/worker-threads.test.ts. Its pool is the module's, as users have it, so each thread has its own. */
import { threadId } from 'node:worker_threads'
import { createPool } from '../../src/index.ts'

const pool = createPool({ connectionLimit: Number(process.env.LIMIT), deadlineMargin: 1000 })
pool.on('leak', ({ requestId }) => console.log(`thread <${threadId}> told of <${requestId}>`))
pool.on('warning', (message) => console.log(`told: ${message}`))

const note = (text: string, request: string): [string, string[]] => [
  'INSERT INTO notes (request, text, session) VALUES (?, ?, CONNECTION_ID())',
  [request, text],
]

/** A transaction that another invocation could get into, a query beside it, and what an earlier one left in the session. */
async function order(request: string): Promise<unknown> {
  await pool.transaction(async (tx) => {
    await tx.query(...note('first', request))
    await tx.query('DO SLEEP(0.02)')
    await tx.query(...note('second', request))
  })
  await pool.query(...note('plain', request))
  return pool.withConnection(async (connection) => {
    const [[session]] = await connection.query('SELECT @mine AS mine')
    await connection.query('SET @mine = ?', [request])
    return session?.mine
  })
}

const does: Record<string, (request: string) => Promise<unknown>> = {
  order,
  /** The same, and then half a transaction and its connection are left behind. */
  async leave(request) {
    const seen = await order(request)
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await connection.query(...note('half', request))
    return seen
  },
  /** Runs into its deadline, and tries to go on. */
  async hang(request) {
    const stopped = await pool.query('DO SLEEP(60)').catch(({ code }) => code)
    return [stopped, await pool.query(...note('late', request)).catch(({ code }) => code)]
  },
  /** Is in the middle of a transaction until the test lets go of the lock. */
  outlast: (request) =>
    pool.transaction(async (tx) => {
      await tx.query(...note('before', request))
      await tx.query("DO GET_LOCK('all stopped', 20), RELEASE_LOCK('all stopped')")
      await tx.query(...note('after', request))
    }),
}

export const handler = pool.wrap(async (event: { do?: string }, context: { awsRequestId: string }) => {
  const did = await does[event.do ?? '']?.(context.awsRequestId)
  const { limit, containerLimit } = pool.stats()
  return { did, threadId, limit, containerLimit }
})
