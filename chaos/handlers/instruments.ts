/** Imported before anything else: the clock that jumps (the one thing of a container that is not real), and what is sent. */
import { Socket } from 'node:net'
import { report, trueNow } from './reports.ts'

let ahead = 0

/** The wall clock is from now on so many milliseconds later, or earlier. */
export function jump(by: number): void {
  ahead += by
}

/** As it was when the process began. */
export function setClockRight(): void {
  ahead = 0
}

Date.now = () => trueNow() + ahead

const port = Number(new URL(process.env.DATABASE_URL as string).port)
const NAME = /«(\d+\.\d+)»/g

const { write } = Socket.prototype
Socket.prototype.write = function (this: Socket, chunk: unknown, ...rest: unknown[]) {
  if (Buffer.isBuffer(chunk) && this.remotePort === port && this.writable)
    for (const [, op] of chunk.toString('utf8').matchAll(NAME)) report({ is: 'sent', op: op as string })
  return (write as (...args: unknown[]) => boolean).call(this, chunk, ...rest)
} as typeof write

/** How an operation is called in what is sent. */
export const nameOf = (op: string): string => `«${op}»`
