import { fileURLToPath } from 'node:url'
import type { GuardedDirectory } from '../../local/src/database/guarded-directory.ts'
import { bundle } from '../../local/src/function/bundle.ts'
import { deployedShop } from './deployed-shop.ts'
import type { Contestant } from './stage.ts'

/**
 * The shop as it is deployed, and the same handlers over a module-scope pool of mysql2. mysql2's comes first.
 *
 * @param directory an empty one, for what is built
 */
export async function prepareContestants(directory: GuardedDirectory): Promise<readonly Contestant[]> {
  const handler = async (name: string) => {
    const source = fileURLToPath(new URL(`./handlers/${name}.ts`, import.meta.url))
    return (await bundle(source, directory.path)).file
  }
  const [getOrder, placeOrder, careless, carelessWithWarmpool, shop] = await Promise.all([
    handler('get-order-mysql2'),
    handler('place-order-mysql2'),
    handler('careless-mysql2'),
    handler('careless-warmpool'),
    deployedShop(directory),
  ])
  return [
    { name: 'mysql2 pool', handlers: { getOrder, placeOrder, careless } },
    { name: 'warmpool', handlers: { ...shop, careless: carelessWithWarmpool } },
  ]
}
