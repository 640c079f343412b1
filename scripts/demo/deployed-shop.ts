import { once } from 'node:events'
import { copyFile, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { unzipSync } from 'fflate'
import type { GuardedDirectory } from '../../local/src/database/guarded-directory.ts'

const repository = fileURLToPath(new URL('../..', import.meta.url))

/**
 * Packages the shop with osls, as a deploy does, and unpacks two of its functions as Lambda would.
 *
 * @returns the handlers' paths
 */
export async function deployedShop(
  directory: GuardedDirectory,
): Promise<{ getOrder: string; placeOrder: string }> {
  await osls(directory)
  const [getOrder, placeOrder] = await Promise.all([
    unpack(directory.path, 'getOrder', 'handlers/get-order.mjs'),
    unpack(directory.path, 'placeOrder', 'handlers/place-order.mjs'),
  ])
  return { getOrder, placeOrder }
}

/** Where it runs it leaves things, so the directory is made to look like the repository. */
async function osls(directory: GuardedDirectory): Promise<void> {
  for (const file of ['serverless.yml', 'package.json'])
    await copyFile(join(repository, file), join(directory.path, file))
  for (const folder of ['deploy', 'handlers', 'node_modules'])
    await symlink(join(repository, folder), join(directory.path, folder))
  const script = join(repository, 'node_modules/osls/bin/serverless.js')
  const packaging = directory.launch(process.execPath, [script, 'package', '--package', 'packages'])
  const [code] = await once(packaging, 'exit')
  if (code !== 0) throw new Error(`osls could not package the shop: ${directory.log.trim()}`)
}

async function unpack(directory: string, name: string, handler: string): Promise<string> {
  const zip = await readFile(join(directory, 'packages', `${name}.zip`))
  const root = join(directory, 'functions', name)
  for (const [file, content] of Object.entries(unzipSync(zip))) {
    await mkdir(dirname(join(root, file)), { recursive: true })
    await writeFile(join(root, file), content)
  }
  return join(root, handler)
}
