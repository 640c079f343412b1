import mysql from 'mysql2/promise'
import { answering } from './answer.ts'
import { application } from './application.ts'
import { ca, database, host, password, port, user } from './environment.ts'

const pool = mysql.createPool({
  host,
  port: Number(port),
  user,
  database,
  connectionLimit: 2,
  ...(password && { password }),
  ...(ca && { ssl: { ca, verifyIdentity: true } }),
})

export const handler = application(pool, answering(pool))
