import { createPool } from 'warmpool'
import { seed } from './seed.ts'

/** What `warmpool-local` prepares a private database with: the shop's schema and seed. */
export default async function setUpShop(databaseUrl: string): Promise<void> {
  await using pool = createPool({ connection: databaseUrl })
  await seed(pool)
}
