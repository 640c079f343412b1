import { createPool } from 'warmpool'
import { asking } from './asked.ts'

const pool = createPool({ validateAfter: 2 ** 31 - 1 })

export const handler = pool.wrap(asking(pool))
