/** The first contestant against itself: how far from 1.00 the noise of this machine carries. */
export * from './mysql2-pool.ts'
