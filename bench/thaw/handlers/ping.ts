import { createPool } from 'warmpool'
import { asking } from './asked.ts'

const pool = createPool({ validateAfter: 0 })

export const handler = pool.wrap(asking(pool))
