// biome-ignore assist/source/organizeImports: the pool is there before the rest loads.
import { pool } from './pool.ts'
import { answering } from './answer.ts'
import { application } from './application.ts'

export const handler = pool.wrap(application(pool, answering(pool)))
