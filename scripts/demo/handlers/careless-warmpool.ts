import { createPool } from 'warmpool'
import { careless } from './careless.ts'

/** `validateAfter` is 1 s by default; the demo does not want to wait that long each time. */
const pool = createPool({ connectionLimit: 2, validateAfter: 100 })

export const handler = pool.wrap(careless(pool))
