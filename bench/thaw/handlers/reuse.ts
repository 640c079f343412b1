import { asking, mysql2Pool } from './asked.ts'

export const handler = asking(mysql2Pool())
