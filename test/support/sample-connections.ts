import { setTimeout as sleep } from 'node:timers/promises'
import type { Database } from './database.ts'

/** Asks the server's process list again and again; `stop` tells the most connections it ever showed. */
export function sampleConnections(database: Database) {
  let stopped = false
  const counts: number[] = []
  const sampling = (async () => {
    while (!stopped) {
      counts.push((await database.connections()).length)
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
