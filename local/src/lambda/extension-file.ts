import { accessSync, constants, existsSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'

/** An external extension: a program that is started beside the runtime. */
export interface ExtensionFile {
  /** The file's, extension included, which is how it registers. */
  name: string
  file: string
  args: readonly string[]
}

/**
 * Where an extension lies, as a file of `/opt/extensions` would. A script for Node that is not executable is run by this Node.
 * @throws if there is no such file, or it is no program
 */
export function locateExtension(path: string): ExtensionFile {
  const file = resolve(path)
  const name = basename(file)
  if (!existsSync(file)) throw new Error(`The extension file ${path} does not exist.`)
  if (isExecutable(file)) return { name, file, args: [] }
  if (['.js', '.mjs', '.cjs'].includes(extname(file))) return { name, file: process.execPath, args: [file] }
  throw new Error(
    `The extension ${path} is not executable: make it so (chmod +x), or give a .js, .mjs or .cjs file.`,
  )
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
