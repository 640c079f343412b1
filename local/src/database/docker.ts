import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { tlsOptions } from './certificate.ts'
import { findProgram } from './find-server.ts'
import { type Recipe, SHARED_OPTIONS } from './recipe.ts'

const IMAGE = 'mysql:8.4'

/** Docker's client, if there is one and its engine answers. */
export async function findDocker(folders: readonly string[]): Promise<string | undefined> {
  const docker = await findProgram(['docker'], folders)
  if (docker === undefined) return undefined
  return promisify(execFile)(docker, ['version']).then(
    () => docker,
    () => undefined,
  )
}

/**
 * MySQL in a container; its data are in a volume of the same name. Not tested yet: written from the image's
 * documentation where no engine was at hand.
 */
export function dockerServer(docker: string): Recipe {
  const name = `warmpool-${randomBytes(6).toString('hex')}`
  return {
    name: IMAGE,
    onThisMachine: false,
    cleanUp: ['/bin/sh', '-c', '"$0" rm --force "$1"; "$0" volume rm --force "$1"', docker, name],
    async prepare(plan) {
      // The image makes schema and user from these when it starts on an empty volume.
      const environment = {
        MYSQL_ROOT_PASSWORD: plan.rootPassword,
        MYSQL_DATABASE: plan.database,
        MYSQL_USER: plan.user,
        MYSQL_PASSWORD: plan.password,
      }
      const lines = Object.entries(environment).map(([key, value]) => `${key}=${value}\n`)
      await writeFile(join(plan.directory, 'environment'), lines.join(''), { mode: 0o600 })
      return undefined
    },
    start: ({ directory, tls }, port) => [
      docker,
      'run',
      '--rm',
      `--name=${name}`,
      `--env-file=${join(directory, 'environment')}`,
      `--publish=127.0.0.1:${port}:3306`,
      `--volume=${name}:/var/lib/mysql`,
      ...(tls ? [`--volume=${join(directory, 'tls')}:/tls:ro`] : []),
      IMAGE,
      ...SHARED_OPTIONS,
      ...(tls ? tlsOptions('/tls') : ['--tls-version=']),
    ],
    administrator: ({ rootPassword }, port) => ({
      host: '127.0.0.1',
      port,
      user: 'root',
      password: rootPassword,
    }),
    // The process at hand is only the client; it ends when the container has.
    signal: (_client, signal) =>
      void spawn(docker, ['kill', `--signal=${signal}`, name], { stdio: 'ignore' }),
  }
}
