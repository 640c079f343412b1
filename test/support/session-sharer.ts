import { connect, type Socket } from 'node:net'
import { Listener } from './listener.ts'

/** Where a greeting has the session's number: behind the header, the protocol and the version with its zero. */
function numberAt(greeting: Buffer): number {
  return greeting.indexOf(0, 5) + 1
}

/** Passes everything on, but counts sessions itself, as whoever shares them out. */
export function shareSessions(server: { host: string; port: number }): Promise<Listener> {
  return Listener.start((client: Socket) => {
    const upstream = connect(server.port, server.host).on('error', () => client.destroy())
    client.once('close', () => upstream.destroy())
    upstream.once('data', (greeting: Buffer) => {
      const at = numberAt(greeting)
      greeting.writeUInt32LE(greeting.readUInt32LE(at) + 1000, at)
      client.write(greeting)
      upstream.pipe(client)
      client.pipe(upstream)
    })
  })
}
