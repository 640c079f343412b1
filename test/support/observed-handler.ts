/** The handler of test/local-function*.test.ts: a module-scope pool of mysql2, one connection held for good, and what it noticed. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Connection, createConnection, createPool, type RowDataPacket } from 'mysql2/promise'

interface Event {
  do?: keyof typeof does
  ms?: number
}

const {
  DATABASE_URL: uri = '',
  DB_HOST: host = '',
  DB_PORT,
  DB_USER: user = '',
  DB_PASSWORD: password = '',
  DB_CA: ca = '',
} = process.env
const pool = createPool({ uri, connectionLimit: 2 })
let heardOfItsEnd = false
if (process.env.PREWARM) await pool.query('DO 0')
if (process.env.CLOSES) await closeAtTheEnd()

/** As an internal extension it has SIGTERM at the end. */
async function closeAtTheEnd(): Promise<void> {
  const api = `http://${process.env.AWS_LAMBDA_RUNTIME_API}/2020-01-01/extension`
  const headers = { 'Lambda-Extension-Name': 'closes' }
  const registered = await fetch(`${api}/register`, { method: 'POST', headers, body: '{"events":[]}' })
  const identifier = String(registered.headers.get('Lambda-Extension-Identifier'))
  fetch(`${api}/event/next`, { headers: { 'Lambda-Extension-Identifier': identifier } }).catch(() => {})
  process.once('SIGTERM', () => void pool.end())
}

const socketOf = (connection: Connection) =>
  (connection as unknown as { connection: { stream: Socket } }).connection.stream

const sessionOf = async (from: Pick<Connection, 'query'>) => {
  const [[row]] = await from.query<RowDataPacket[]>('SELECT CONNECTION_ID() AS id')
  return Number(row?.id)
}

const does = {
  nothing: async () => null,
  query: async () => sessionOf(pool),
  /** Opens a connection beside, and closes it. */
  async openAndClose() {
    const connection = await createConnection({ uri })
    const session = await sessionOf(connection)
    const closed = once(socketOf(connection), 'close')
    await connection.end()
    await closed
    return session
  },
  async hold() {
    heardOfItsEnd = false
    const held = await createConnection({ uri })
    held.on('error', () => {}) // told of what the socket tells too, but some turns later
    socketOf(held).once('end', () => {
      heardOfItsEnd = true
    })
    return sessionOf(held)
  },
  /** Leaves the server with a statement that takes long, and nobody who waits for it. */
  async abandon() {
    const connection = await createConnection({ uri })
    connection.query('DO SLEEP(60)').catch(() => {})
    const socket = socketOf(connection)
    await new Promise<void>((sent) => socket.end(sent))
  },
  /** Whether it has heard by now that the server has closed the held one; waits until it has. */
  async heard() {
    await new Promise(setImmediate)
    const atOnce = heardOfItsEnd
    while (!heardOfItsEnd) await sleep(1)
    return { atOnce }
  },
  /** By way of TLS, with the server's certificate checked for its host's name; the cipher is the server's word. */
  async cipher() {
    const ssl = { ca, verifyIdentity: true }
    const connection = await createConnection({ host, port: Number(DB_PORT), user, password, ssl })
    const [[row]] = await connection.query<RowDataPacket[]>("SHOW STATUS LIKE 'Ssl_cipher'")
    await connection.end()
    return String(row?.Value)
  },
  sleep: async ({ ms }: Event) => sleep(ms),
  async throw() {
    throw new RangeError('out of stock')
  },
  version: async () => readFileSync(String(process.env.VERSION_FILE), 'utf8'),
} satisfies Record<string, (event: Event) => Promise<unknown>>

export const handler = async (event: Event) => ({
  pid: process.pid,
  did: await does[event.do ?? 'nothing'](event),
})
