import { createPool } from 'warmpool'
import { SELECT, url } from './contestant.ts'
import type { Queued } from './queued.ts'

const pool = createPool({ connection: url, connectionLimit: 2 })

export const invoke: Queued['invoke'] = pool.wrap((work, _context) => work((id) => pool.query(SELECT, [id])))

export const close = () => pool.end()
