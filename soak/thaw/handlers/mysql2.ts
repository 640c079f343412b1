import middy from '@middy/core'
import { pool } from '../../../scripts/demo/handlers/mysql2-pool.ts'
import { find, type Wanted } from './orders.ts'

export const handler = middy<Wanted>().handler((event) => find(pool, event))
