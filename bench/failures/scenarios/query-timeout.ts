import { everywhere, type Work } from '../container.ts'
import type { Scenario } from '../scenario.ts'
import { order, type Stage, TAKE_PIECE } from '../stage.ts'

/** What the statement is given, milliseconds; it waits for a row for longer. */
const TIMEOUT = 50
/** The next one has its answer by then, if it does not wait for the statement that was given up, milliseconds. */
const SOON = 500

const givingUp: Work = everywhere((query) => query({ sql: TAKE_PIECE, timeout: TIMEOUT }))

export const givenUpButDone: Scenario = {
  title: "A query's own `timeout`: it is told to have failed, and takes effect later",
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2', 'serverless-mysql'],
  play: async (container, stage) => {
    await stage.lockStock()
    const { ok } = await container.invoke(givingUp)
    if (ok) throw new Error('The query was to time out.')
    await stage.unlockStock()
    await stage.quiet()
    return (await stage.piecesTaken()) > 0
  },
}

export const nextOneWaits: Scenario = {
  title: "A query's own `timeout`: the next invocation waits until the statement has ended",
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['mysql2'],
  connectionLimit: 1,
  play: async (container, stage) => {
    await stage.lockStock()
    const { ok } = await container.invoke(givingUp)
    if (ok) throw new Error('The query was to time out.')
    const next = container.invoke(everywhere((query) => query(order('next'))))
    const inTime = await stage.soon(() => isThere(stage), SOON)
    await stage.unlockStock()
    await next
    return !inTime
  },
}

async function isThere(stage: Stage): Promise<boolean> {
  return (await stage.orders()).includes('next')
}
