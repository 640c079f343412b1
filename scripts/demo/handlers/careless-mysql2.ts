import { careless } from './careless.ts'
import { pool } from './mysql2-pool.ts'

export const handler = careless(pool)
