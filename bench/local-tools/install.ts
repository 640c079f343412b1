import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const WANTED = manifest('package.json').devDependencies['serverless-offline']

/** Installs serverless-offline here, apart from the workspace, unless it is here already. */
export function install(): void {
  if (versions()['serverless-offline'] === WANTED) return
  console.error(
    `Installing serverless-offline ${WANTED} in bench/local-tools (once, about half a minute) ...`,
  )
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts'], {
    cwd: HERE,
    stdio: ['ignore', 'ignore', 'inherit'],
  })
}

/** Of what is compared; undefined is not installed. */
export function versions(): Record<string, string | undefined> {
  return {
    osls: manifest('../../node_modules/osls/package.json')?.version,
    'serverless-offline': manifest('node_modules/serverless-offline/package.json')?.version,
    'serverless-esbuild': manifest('../../node_modules/serverless-esbuild/package.json')?.version,
    'warmpool-local': manifest('../../local/package.json')?.version,
  }
}

function manifest(path: string) {
  const file = new URL(path, import.meta.url)
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
}
