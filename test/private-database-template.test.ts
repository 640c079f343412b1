import { appendFile, chmod, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { startDatabase } from '../local/src/database/database.ts'
import { findProgram, programFolders } from '../local/src/database/find-server.ts'

const folders = programFolders(process.env.PATH)
const { DATABASE_URL: _, ...env } = process.env
let directory: string

/** Programs of our own, the server's but for an installer that notes each of its runs. */
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'template-'))
  vi.stubEnv('XDG_CACHE_HOME', join(directory, 'cache'))
  const [server, installer] = await Promise.all([
    findProgram(['mariadbd'], folders),
    findProgram(['mariadb-install-db'], folders),
  ])
  await symlink(String(server), join(directory, 'mariadbd'))
  const script = `#!/bin/sh\necho run >>'${directory}/runs'\nexec '${installer}' "$@"\n`
  await writeFile(join(directory, 'mariadb-install-db'), script)
  await chmod(join(directory, 'mariadb-install-db'), 0o755)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(directory, { recursive: true })
})

const start = () => startDatabase({ tls: false }, { env, folders: [directory, ...folders] })
const runs = async () => (await readFile(join(directory, 'runs'), 'utf8')).match(/run/g)?.length

test('data directories are installed once and copied then, until an update, and no two servers share a thing', async () => {
  await using first = await start()
  await first.query('CREATE TABLE warmpool.mine (id INT)')
  await using second = await start()
  expect(await runs()).toBe(1)
  expect(await second.query('SHOW TABLES IN warmpool')).toEqual([])
  for (const { user, password } of [first, first.administrator]) {
    const { host, port } = second
    const stranger = createConnection({ host, port, user: String(user), password: String(password) })
    await expect(stranger).rejects.toMatchObject({ code: 'ER_ACCESS_DENIED_ERROR' })
  }
  expect(await readdir(join(directory, 'cache/warmpool-local'))).toHaveLength(1)
  await appendFile(join(directory, 'mariadb-install-db'), '# updated\n')
  await using _third = await start()
  expect(await runs()).toBe(2)
  expect(await readdir(join(directory, 'cache/warmpool-local'))).toHaveLength(2)
})

test('where nothing can be kept the installer runs, and the server as well', async () => {
  await writeFile(join(directory, 'cache'), 'no directory')
  await using server = await start()
  expect(await runs()).toBe(1)
  expect(await server.query('SHOW TABLES IN warmpool')).toEqual([])
})
