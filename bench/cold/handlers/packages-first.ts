// biome-ignore assist/source/organizeImports: the pool comes last, as packages come first by custom.
import { application } from './application.ts'
import { answering } from './answer.ts'
import { pool } from './pool.ts'

export const handler = pool.wrap(application(pool, answering(pool)))
