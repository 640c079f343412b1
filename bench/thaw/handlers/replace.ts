import { createPool } from 'warmpool'
import { asking } from './asked.ts'

/** Shorter than any sleep. */
const pool = createPool({ idleTimeout: 1 })

export const handler = pool.wrap(asking(pool))
