import { expect, test, vi } from 'vitest'
import { createPool } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()

/** What the server has said on one connection, in bytes: an entry for each time that it was its turn to speak. */
type Answers = number[]

/** Of three connections of one pool, one after the other, each up to its first query. */
async function answersOf(version: 'TLSv1.2' | 'TLSv1.3'): Promise<Answers[]> {
  await using proxy = await TcpProxy.to(server.current)
  const connections: Answers[] = []
  proxy.watch(() => {
    const answers: Answers = []
    let asked = true
    connections.push(answers)
    return {
      toServer: () => {
        asked = true
      },
      toClient: (chunk) => {
        if (asked) answers.push(0)
        asked = false
        answers[answers.length - 1] = (answers.at(-1) as number) + chunk.length
      },
    }
  })
  const { user, password, database, ca } = server.current
  await using pool = createPool({
    connection: { host: 'localhost', port: proxy.port, user, password, database },
    tls: { ca: String(ca), minVersion: version, maxVersion: version },
  })
  for (let opened = 0; opened < 3; opened++) {
    await pool.query('SELECT 1')
    await server.current.killConnections()
    await vi.waitFor(() => expect(pool.stats().total).toBe(0))
  }
  return connections
}

test('under TLS 1.2 a connection after the first takes a round trip less', async () => {
  const [first, ...later] = (await answersOf('TLSv1.2')).map((answers) => answers.length)
  expect(later).toEqual([(first as number) - 1, (first as number) - 1])
})

test('under TLS 1.3, where it takes one anyway, it is spared the certificate', async () => {
  const bytes = (await answersOf('TLSv1.3')).map((answers) =>
    answers.reduce((sum, length) => sum + length, 0),
  )
  const [first, ...later] = bytes as [number, number, number]
  const certificate = Buffer.from(String(server.current.ca).replace(/-----.*-----/g, ''), 'base64').length
  for (const sent of later) expect(first - sent).toBeGreaterThan(certificate)
})
