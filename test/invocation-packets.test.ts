import { setTimeout as sleep } from 'node:timers/promises'
import middy from '@middy/core'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import mysqlPool, { createPool, type Database, type Pool } from '../src/index.ts'
import { contextFor } from './support/context.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()
let proxy: TcpProxy
let pool: Pool
beforeEach(async () => {
  const { host, port, url } = server.current
  proxy = await TcpProxy.to({ host, port })
  pool = createPool({ connection: proxy.url(url), onLeak: 'ignore' })
})
afterEach(async () => {
  await pool.end()
  await proxy[Symbol.asyncDispose]()
})

const LEASE = 'QUERY SET SESSION wait_timeout = 330'
/** A reset takes what mysql2 asked for in the handshake, too. */
const LEASE_AGAIN = `${LEASE}, SESSION sql_mode = CONCAT(@@sql_mode, ',IGNORE_SPACE')`
const SELECT = 'SELECT 1 AS one'

type Work = (database: Database | Pool) => Promise<unknown>
const ways = {
  mysqlPool: (work: Work) =>
    middy()
      .use(mysqlPool({ pool }))
      .handler((_event, { db }) => work(db)),
  wrap: (work: Work) => pool.wrap((_event: unknown, _context: unknown) => work(pool)),
}

/** The commands that clients sent while it ran. */
async function sentBy(run: () => Promise<unknown>): Promise<string[]> {
  const from = proxy.commands.length
  await run()
  return proxy.commands.slice(from).map(({ name, text }) => `${name} ${text}`.trim())
}

describe.each(Object.entries(ways))('%s', (_name, handlerFor) => {
  const invoke = (work: Work) => handlerFor(work)({}, contextFor())
  const select: Work = (database) => database.query(SELECT)

  test('the first invocation sets the session up, in one statement', async () => {
    expect(await sentBy(() => invoke(select))).toEqual([LEASE, `QUERY ${SELECT}`])
  })

  test('500 warm invocations send their 500 queries on one connection, and no other packet', async () => {
    await invoke(select)
    const cold = { packets: proxy.packets.toServer, opened: await opened() }
    const sent = await sentBy(async () => {
      for (let i = 0; i < 500; i++) {
        if (i % 10 === 0) await sleep(3) // so that some find the connection idle for a while
        await invoke(select)
      }
    })
    expect(sent).toEqual(Array(500).fill(`QUERY ${SELECT}`))
    expect(proxy.packets.toServer - cold.packets).toBe(500)
    expect(await opened()).toBe(cold.opened)
    expect(proxy.clients).toHaveLength(1)
  })

  test('a session variable left behind costs one reset and one SET', async () => {
    await invoke(select)
    const sent = await sentBy(async () => {
      await invoke((database) => database.query('SET @left = 1'))
      await invoke(select)
    })
    expect(sent).toEqual(['QUERY SET @left = 1', 'RESET', LEASE_AGAIN, `QUERY ${SELECT}`])
  })

  test('a transaction costs what it says, and one left open a ROLLBACK', async () => {
    await invoke(select)
    const complete = await sentBy(() => invoke((database) => database.transaction((tx) => tx.query(SELECT))))
    expect(complete).toEqual(['QUERY START TRANSACTION', `QUERY ${SELECT}`, 'QUERY COMMIT'])
    const open = await sentBy(() =>
      invoke(async (database) => (await database.getConnection()).beginTransaction()),
    )
    expect(open).toEqual(['QUERY START TRANSACTION', 'QUERY ROLLBACK'])
  })
})

async function opened(): Promise<number> {
  const [row] = await server.current.query("SHOW GLOBAL STATUS LIKE 'Connections'")
  return Number(row?.Value)
}
