import { createPool } from 'mysql2/promise'
import { working } from './work.ts'

export const handler = working(createPool({ uri: process.env.DATABASE_URL as string, connectionLimit: 2 }))
