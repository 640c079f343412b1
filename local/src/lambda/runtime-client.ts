import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The entry file of AWS's own Node runtime client, npm's `aws-lambda-ric`, or undefined where it is not installed and
 * built. The user's own comes first, then one installed beside this package, then the one this repository builds.
 */
export function findRuntimeClient(): string | undefined {
  const here = dirname(fileURLToPath(import.meta.url))
  return [process.cwd(), here, join(here, '../../runtime-client')].map(clientSeenFrom).find(Boolean)
}

function clientSeenFrom(directory: string): string | undefined {
  try {
    const manifest = createRequire(join(directory, 'package.json')).resolve('aws-lambda-ric/package.json')
    const entry = join(dirname(manifest), 'index.mjs')
    // On macOS, and with install scripts switched off, the package installs without its native half.
    const built = existsSync(entry) && existsSync(join(dirname(manifest), 'rapid-client.node'))
    return built ? entry : undefined
  } catch {
    return undefined
  }
}
