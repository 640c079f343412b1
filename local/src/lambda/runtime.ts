import { extname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findRuntimeClient } from './runtime-client.ts'

const NOT_INSTALLED =
  "AWS's runtime client is not installed: run `npm install --save-dev aws-lambda-ric@4.0.2` on Linux with cmake and a " +
  "C++ compiler (in the warmpool repository `sh scripts/ensure-runtime-client.sh`), or use the runtime 'loop'."

/** What calls the handler: `ric` is AWS's own runtime client, `loop` a small stand-in with the same interface. */
export type RuntimeName = 'ric' | 'loop'

/** A runtime and the file Node runs to start it. */
export interface Runtime {
  name: RuntimeName
  entry: string
}

/**
 * Chooses the runtime: `auto` takes AWS's own where it is installed, else the loop.
 * @throws if `ric` is demanded where it is not installed.
 */
export function chooseRuntime(wanted: RuntimeName | 'auto'): Runtime {
  if (!['auto', 'ric', 'loop'].includes(wanted)) {
    throw new Error(`The runtime '${wanted}' does not exist: use 'auto', 'ric' or 'loop'.`)
  }
  const client = wanted === 'loop' ? undefined : findRuntimeClient()
  if (client !== undefined) return { name: 'ric', entry: client }
  if (wanted === 'ric') throw new Error(NOT_INSTALLED)
  const self = fileURLToPath(import.meta.url)
  return { name: 'loop', entry: fileURLToPath(new URL(`loop${extname(self)}`, import.meta.url)) }
}
