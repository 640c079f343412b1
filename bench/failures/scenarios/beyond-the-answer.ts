import { everywhere, type Work } from '../container.ts'
import type { Scenario } from '../scenario.ts'
import { order, TAKE_PIECE } from '../stage.ts'

/** Lambda's, milliseconds. */
const TIMEOUT = 100

/** So that what follows is not spent on connecting. */
const CONNECT = everywhere((query) => query('SELECT 1'))

/** The handler waits for something slow, such as another service; middy answers in time, the handler goes on. */
export const nextStatement: Scenario = {
  title: "middy's early timeout: the handler's next `INSERT` is executed after it",
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    const answered = Promise.withResolvers<void>()
    const work = everywhere(async (query) => {
      await query('SELECT 1')
      await answered.promise
      await query(order('late'))
    })
    const answer = await container.invoke(work, TIMEOUT)
    if (answer.ok) throw new Error('The invocation was to time out.')
    answered.resolve()
    await container.settled()
    return (await stage.orders()).includes('late')
  },
}

export const notAwaited: Scenario = {
  title: 'Work that was not awaited: writes after the answer',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    const answered = Promise.withResolvers<void>()
    let later: Promise<unknown> | undefined
    const work = everywhere(async (query) => {
      await query('SELECT 1')
      later = answered.promise.then(() => query(order('late')))
      later.catch(() => {})
    })
    const answer = await container.invoke(work)
    if (!answer.ok) throw answer.error
    answered.resolve()
    await Promise.allSettled([later])
    return (await stage.orders()).includes('late')
  },
}

/** It waits for a row when the time is up, and gets it after the answer. */
export const inFlight: Scenario = {
  title: "Statement under way at middy's early timeout: takes effect after it",
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    await container.invoke(CONNECT)
    await stage.lockStock()
    const answer = await container.invoke(
      everywhere((query) => query(TAKE_PIECE)),
      TIMEOUT,
    )
    if (answer.ok) throw new Error('The invocation was to time out.')
    await stage.unlockStock()
    await container.settled()
    await stage.quiet()
    return (await stage.piecesTaken()) > 0
  },
}

/** Whoever stops a statement that hangs, with `KILL QUERY`, makes mysql2 send the one behind it. */
export const queuedBehind: Scenario = {
  title: 'Statement queued behind one that is killed after the timeout: sent then',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    await container.invoke(CONNECT)
    await stage.lockStock()
    await container.invoke(takeAndQueue, TIMEOUT)
    let through = false
    const handled = container.settled().then(() => {
      through = true
    })
    await stage.until(async () => through || (await stage.running(TAKE_PIECE)).length > 0)
    if ((await stage.orders()).includes('queued')) throw new Error('The second statement was to be queued.')
    await stage.stop('QUERY', TAKE_PIECE)
    await handled
    await stage.quiet()
    return (await stage.orders()).includes('queued')
  },
}

const takeAndQueue: Work = {
  pool: async (pool) => {
    const connection = await pool.getConnection()
    await Promise.allSettled([connection.query(TAKE_PIECE), connection.query(order('queued'))])
    connection.release()
  },
  serverlessMysql: (db) => Promise.allSettled([db.query(TAKE_PIECE), db.query(order('queued'))]),
}
