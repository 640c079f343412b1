import mysql from 'mysql2/promise'
import { SELECT, url } from './contestant.ts'
import type { Queued } from './queued.ts'

const pool = mysql.createPool({ uri: url, connectionLimit: 2 })

export const invoke: Queued['invoke'] = (work, _context) => work((id) => pool.query(SELECT, [id]))

export const close = () => pool.end()
