import mysql from 'mysql2/promise'

/** The container's one pool, as it is without warmpool. */
export const pool = mysql.createPool({ uri: process.env.DATABASE_URL as string, connectionLimit: 2 })
