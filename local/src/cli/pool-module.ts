import { existsSync } from 'node:fs'
import { mkdir, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { GuardedDirectory } from '../database/guarded-directory.ts'
import type { Project } from '../doctor/project.ts'
import { wordsOf } from '../doctor/words.ts'
import { messageOf } from './failure.ts'

type Exports = Readonly<Record<string, unknown>>

/** A module of the program that was loaded; what it loads later must still be there. */
export interface Loaded {
  readonly exports: Exports
  remove(): Promise<void>
}

/**
 * Runs a module of the program's: as Node does it by itself, and what Node cannot take (an import without its extension, an `enum`)
 * bundled, as for a deploy. Its warmpool is the project's own either way, so that its pools are known for what they are.
 *
 * @throws Error in one sentence
 */
export async function loadPoolModule(project: Project, file: string): Promise<Loaded> {
  if (!existsSync(file)) throw new Error(`--pool is ${file}, but there is no such file.`)
  try {
    return { exports: await import(pathToFileURL(resolve(file)).href), remove: async () => {} }
  } catch (error) {
    if (isOnlyForBundlers(error)) return loadBundled(project, file)
    throw new Error(`${file} could not be loaded: ${wordsOf(project.warmpool, error)}`)
  }
}

const NOT_FOR_NODE =
  /^(ERR_)?(MODULE_NOT_FOUND|UNSUPPORTED_|UNKNOWN_|IMPORT_ATTRIBUTE_|INVALID_TYPESCRIPT|PACKAGE_|REQUIRE_)/

/** All of it is said before anything of the module has run. */
function isOnlyForBundlers(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error instanceof SyntaxError || NOT_FOR_NODE.test(String((error as NodeJS.ErrnoException).code))
}

async function loadBundled(project: Project, file: string): Promise<Loaded> {
  const directory = new GuardedDirectory()
  try {
    const packages = join(directory.path, 'node_modules')
    await mkdir(packages)
    await symlink(project.root, join(packages, 'warmpool'), 'dir')
    const exports = await runBundled(project, file, directory.path)
    return { exports, remove: () => directory.remove() }
  } catch (error) {
    await directory.remove()
    throw new Error(`${file} could not be loaded: ${messageOf(error)}`)
  }
}

/** A refusal of the bundler names the line; what the module itself throws may hold a secret. */
async function runBundled({ warmpool }: Project, file: string, directory: string): Promise<Exports> {
  const { bundle } = await import('../function/bundle.ts')
  const bundled = await bundle(file, directory, { external: ['@aws-sdk/*', 'warmpool'] })
  return import(pathToFileURL(bundled.file).href).catch((error) => {
    throw new Error(wordsOf(warmpool, error))
  })
}
