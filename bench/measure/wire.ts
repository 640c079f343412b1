import { connect, createServer, type Server } from 'node:net'
import { takeOrders } from './orders.ts'

/** The network between client and server: it counts what passes, and adds the delay of a longer way. */

export interface WireOrder {
  /** What a round trip takes longer from now on, milliseconds: all of it on the way to the server. */
  readonly delay?: number
}

export interface WireState {
  readonly port: number
  /** Packets of MySQL's protocol that clients have sent since the last order. */
  readonly sent: number
  /** The same in the other direction. */
  readonly received: number
}

const target = new URL(process.argv[2] as string)
let delay = 0
const waiting: { readonly due: number; readonly act: () => void }[] = []
let traffic = { sent: 0, received: 0 }

const server: Server = createServer({ noDelay: true }, (client) => {
  const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true })
  client.on('data', counting('sent'))
  upstream.on('data', counting('received'))
  client.on('data', (chunk) => later(() => upstream.write(chunk)))
  upstream.on('data', (chunk) => client.write(chunk))
  client.on('close', () => later(() => upstream.end()))
  upstream.on('close', () => client.end())
  for (const socket of [client, upstream]) socket.on('error', () => socket.destroy())
})

server.listen(0, '127.0.0.1', () =>
  takeOrders(
    (order: WireOrder): WireState => {
      const { port } = server.address() as { port: number }
      const passed = traffic
      traffic = { sent: 0, received: 0 }
      delay = order.delay ?? delay
      return { port, ...passed }
    },
    () => process.exit(),
  ),
)

/** A packet is a length of three bytes, a sequence number, and so many bytes; chunks cut them anywhere. */
function counting(direction: 'sent' | 'received'): (chunk: Buffer) => void {
  let header = Buffer.alloc(0)
  let rest = 0
  return (chunk) => {
    for (let at = 0; at < chunk.length; ) {
      const skipped = Math.min(rest, chunk.length - at)
      rest -= skipped
      at += skipped
      if (rest > 0) return
      const taken = chunk.subarray(at, at + 4 - header.length)
      header = Buffer.concat([header, taken])
      at += taken.length
      if (header.length < 4) return
      rest = header.readUIntLE(0, 3)
      header = Buffer.alloc(0)
      traffic[direction]++
    }
  }
}

function later(act: () => void): void {
  if (delay === 0) return act()
  if (waiting.push({ due: performance.now() + delay, act }) === 1) setImmediate(pass)
}

/** Timers know only whole milliseconds; this process has a CPU of its own to be awake on. */
function pass(): void {
  while (waiting[0] && waiting[0].due <= performance.now()) waiting.shift()?.act()
  if (waiting.length > 0) setImmediate(pass)
}
