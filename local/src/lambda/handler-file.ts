import { existsSync } from 'node:fs'
import { basename, dirname, extname, join, resolve } from 'node:path'

const EXTENSIONS = ['.js', '.mjs', '.cjs']

/** A handler in Lambda's own terms. */
export interface HandlerLocation {
  /** LAMBDA_TASK_ROOT: where the bundle lies. */
  taskRoot: string
  /** _HANDLER: module and export, `get-order.handler`. */
  handler: string
  /** The module's name, which also becomes the function's. */
  moduleName: string
}

/**
 * Names a handler file as Lambda does, module name without extension.
 * @throws if there is no such file, or if Lambda would not find this one under its name.
 */
export function locateHandler(path: string, exportName: string): HandlerLocation {
  const file = resolve(path)
  const extension = extname(file)
  const moduleName = basename(file, extension)
  if (!EXTENSIONS.includes(extension)) {
    throw new Error(`The handler ${path} is no bundle: Lambda loads ${EXTENSIONS.join(', ')} files.`)
  }
  if (moduleName.includes('.')) {
    throw new Error(
      `The handler ${path} has a dot in its name, where Lambda expects the export's: rename the file.`,
    )
  }
  if (!existsSync(file)) throw new Error(`The handler file ${path} does not exist.`)
  const found = findModule(dirname(file), moduleName)
  if (found !== file) throw new Error(`Lambda would load ${found} instead of ${path}: remove one of the two.`)
  return { taskRoot: dirname(file), handler: `${moduleName}.${exportName}`, moduleName }
}

/** The file Lambda's Node runtime loads for a module name: the first that exists, in its order. */
export function findModule(taskRoot: string, moduleName: string): string | undefined {
  return ['', ...EXTENSIONS].map((extension) => join(taskRoot, moduleName + extension)).find(existsSync)
}
