import { connect, type Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { PoolOptions } from '../src/index.ts'
import { databaseForFile } from './support/database.ts'
import { diagnosed, notOk } from './support/diagnosed.ts'
import { direct } from './support/flawed-setups.ts'
import { TcpProxy } from './support/tcp-proxy.ts'

const server = databaseForFile()

/** A socket on which what comes first comes byte by byte. */
function inPieces(): Socket {
  const socket = connect(server.current.port, server.current.host)
  const push = socket.push.bind(socket)
  socket.push = (chunk, encoding) => {
    if (!Buffer.isBuffer(chunk)) return push(chunk, encoding)
    for (const byte of chunk.subarray(0, 6)) push(Buffer.from([byte]))
    return chunk.length > 6 ? push(chunk.subarray(6)) : true
  }
  return socket
}

describe.concurrent('a sound server is sound', () => {
  test.each<[how: string, connection: object, rest?: Partial<PoolOptions>]>([
    ['where rows are nested', { nestTables: true }],
    ["where rows have their tables' names", { nestTables: '_' }],
    ['where rows are arrays', { rowsAsArray: true }],
    ['where the program makes something of every value', { typeCast: () => 'x' }],
    ['where values stay bytes', { typeCast: false }],
    ['under ANSI_QUOTES', {}, { session: { sql_mode: 'ANSI_QUOTES' } }],
    ['under ORACLE', {}, { session: { sql_mode: 'ORACLE' } }],
    ['whose greeting comes in pieces', { stream: inPieces }],
  ])('%s', async (_, connection, rest) => {
    const steps = await diagnosed({ connection: { ...direct(server.current), ...connection }, ...rest })
    expect(notOk(steps)).toEqual([])
  })

  test('however long a step takes, while each answer comes in time', async () => {
    await using network = await TcpProxy.to(server.current)
    network.toClient.delay = 400 // greeting, login and SET take longer than the limit
    network.watch(() => ({
      toServer: (chunk) => {
        if (chunk.includes('VERSION()')) network.toClient.delay = 0
        if (chunk.includes('DO 0')) network.toClient.delay = 150 // of which there are 8
        if (chunk.includes('CONNECTION_ID()')) network.toClient.delay = 0
      },
    }))
    const steps = await diagnosed({ connection: { ...direct(server.current), port: network.port } }, 1000)
    expect(notOk(steps, true)).toEqual([['round_trip', 'warning']])
  })
})
