import { readFile, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { GuardedDirectory } from '../../local/src/database/guarded-directory.ts'
import type { ClientName } from '../judge/history.ts'

const ROOT = join(import.meta.dirname, '../..')

/** A change to warmpool's source that takes one of its mechanisms away. */
export interface Change {
  /** From the root of the repository. */
  readonly file: string
  readonly find: string
  readonly replace: string
}

/**
 * Bundles the handler of a client with warmpool's source as it is, or as changed.
 *
 * @returns its path, in a directory of its own that goes with this process
 * @throws Error when the source has not what is to be changed
 */
export async function bundleHandler(client: ClientName, changes: readonly Change[] = []): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'chaos/handlers', `${client}.ts`)],
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: ['@aws-sdk/rds-signer'],
    alias: { warmpool: join(ROOT, 'src/index.ts') },
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    plugins: changes.length > 0 ? [changed(changes)] : [],
    write: false,
    logLevel: 'silent',
  })
  const file = join(new GuardedDirectory().path, 'handler.mjs')
  await writeFile(file, outputFiles[0]?.contents ?? '')
  return file
}

/** Makes a change in a file's text. @throws Error unless the text has what is to be changed exactly once */
export function apply(contents: string, { file, find, replace }: Change): string {
  const parts = contents.split(find)
  if (parts.length === 2) return parts.join(replace)
  throw new Error(`${file} has ${parts.length - 1} times what is to be changed: ${find}`)
}

function changed(changes: readonly Change[]): Plugin {
  return {
    name: 'changed',
    setup({ onLoad, onEnd }) {
      const left = new Set(changes)
      onLoad({ filter: /\.ts$/ }, async ({ path }) => {
        const ours = changes.filter(({ file }) => file === relative(ROOT, path))
        if (ours.length === 0) return undefined
        for (const change of ours) left.delete(change)
        return { contents: ours.reduce(apply, await readFile(path, 'utf8')), loader: 'ts' }
      })
      onEnd(() => {
        for (const { file } of left) throw new Error(`${file} is no part of the handler.`)
      })
    },
  }
}
