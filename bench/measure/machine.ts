import { readFileSync } from 'node:fs'
import { findPackageJSON } from 'node:module'
import { availableParallelism, cpus, release, type } from 'node:os'
import type { Database } from '../../local/src/database/database.ts'
import { canPin, MEASURED } from './cpu.ts'

const LIBRARIES = ['mysql2', '@middy/core', 'serverless-mysql', 'warmpool']

/** What the figures hang on. */
export function machine(database: Database): Record<string, string> {
  return {
    cpu: `${cpus()[0]?.model ?? 'unknown'}, ${availableParallelism()} of them`,
    pinned: pinning(database),
    system: `${type()} ${release()}`,
    node: process.version,
    server: database.version,
    libraries: LIBRARIES.map((name) => `${name} ${versionOf(name)}`).join(', '),
    date: new Date().toISOString(),
  }
}

function pinning(database: Database): string {
  if (!canPin) return 'no, taskset is missing: expect noise'
  const who = database.pid === undefined ? 'the client, but not the server,' : 'client and server'
  return `${who} on CPU ${MEASURED}`
}

function versionOf(library: string): string {
  const path = findPackageJSON(library, import.meta.url)
  return path === undefined ? 'not installed' : JSON.parse(readFileSync(path, 'utf8')).version
}
