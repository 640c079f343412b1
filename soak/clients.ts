import { join } from 'node:path'
import { bundle, chooseRuntime, type RuntimeName } from 'warmpool-local'

/** Whose pool a handler uses: what is soaked, and what plays beside it. */
export const CLIENTS = ['warmpool', 'mysql2'] as const

export type Client = (typeof CLIENTS)[number]

/** @returns the bundle of each client's handler, by the handlers of one soak */
export async function bundleClients(soak: string, directory: string): Promise<Record<Client, string>> {
  const bundled = async (client: Client) =>
    (await bundle(join(import.meta.dirname, soak, `handlers/${client}.ts`), directory)).file
  return { warmpool: await bundled('warmpool'), mysql2: await bundled('mysql2') }
}

/** Those that a container can run under here; without AWS's that is told. */
export function runtimesHere(log: (line: string) => void): RuntimeName[] {
  if (chooseRuntime('auto').name === 'ric') return ['ric', 'loop']
  log("AWS's runtime client is not built: only the loop is soaked.")
  return ['loop']
}
