// biome-ignore assist/source/organizeImports: the pool is there before the rest loads.
import { pool } from './pool.ts'
import { setTimeout as sleep } from 'node:timers/promises'
import { answering } from './answer.ts'
import { application } from './application.ts'

/** As long as a parameter or a secret takes to fetch, milliseconds. */
const FETCH = 50

await sleep(FETCH)

export const handler = pool.wrap(application(pool, answering(pool)))
