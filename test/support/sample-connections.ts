import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from './database.ts'

/**
 * Asks the server's process list again and again; `stop` tells the most connections it ever showed. Sessions whose client is
 * gone and which the server has not noticed yet do not count (P1): that is what the kernel's table of sockets is asked for.
 */
export function sampleConnections(database: Database) {
  let stopped = false
  const counts: number[] = []
  const sampling = (async () => {
    while (!stopped) {
      const before = openPorts()
      const rows = await database.connections()
      const after = openPorts()
      const open = rows.filter(({ Host }) => {
        const port = Number(Host.split(':').at(-1))
        return before.has(port) || after.has(port)
      })
      counts.push(open.length)
      await sleep(2)
    }
  })()
  return {
    stop: async () => {
      stopped = true
      await sampling
      return { most: Math.max(...counts), taken: counts.length }
    },
  }
}

const ESTABLISHED = '01'

/** Local ports with an established connection. Without /proc (macOS) every row counts. */
function openPorts(): { has(port: number): boolean } {
  let table: string
  try {
    table = readFileSync('/proc/net/tcp', 'utf8')
  } catch {
    return { has: () => true }
  }
  const rows = table.matchAll(/^\s*\d+: [0-9A-F]+:([0-9A-F]{4}) [0-9A-F]+:[0-9A-F]{4} ([0-9A-F]{2})/gm)
  return new Set(
    [...rows].filter(([, , state]) => state === ESTABLISHED).map(([, port]) => Number(`0x${port}`)),
  )
}
