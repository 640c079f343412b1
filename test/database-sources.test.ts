import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { createConnection } from 'mysql2/promise'
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'
import { startDatabase } from '../local/src/database/database.ts'

const NOTHING = { env: {}, folders: [] }
const SCRIPT = fileURLToPath(new URL('../scripts/ensure-mariadb.sh', import.meta.url))

beforeAll(() => {
  vi.stubEnv('DATABASE_URL', undefined)
})

describe('without a server on the machine', { timeout: 30_000 }, () => {
  it('DATABASE_URL is used, and left as it is', async () => {
    await using server = await startDatabase()
    const where = { ...NOTHING, env: { DATABASE_URL: server.url } }
    const db = await startDatabase({}, where)
    expect(db).toMatchObject({
      url: server.url,
      version: server.version,
      pid: undefined,
      directory: undefined,
    })
    const connection = await createConnection(db.url)
    connection.on('error', () => {})
    expect((await db.connections()).map((row) => row.Id)).toEqual([connection.threadId])
    expect(await db.killConnections()).toBe(1)
    for (const act of [db.start(), db.stop(), db.restart(), db.kill()]) {
      await expect(act).rejects.toThrow('unset DATABASE_URL')
    }
    await db[Symbol.asyncDispose]()
    expect(await server.query('SELECT 1 AS one')).toEqual([{ one: 1 }])
    await expect(startDatabase({ args: ['--read-only'] }, where)).rejects.toThrow('--read-only')
    await expect(startDatabase({ database: 'other' }, where)).rejects.toThrow(
      'names the schema warmpool, not other',
    )
  })

  it.each(['mysql://u:hunter2@host:port/db', 'mysql://u:hunter2@host', 'pg://u:hunter2@host/db', 'hunter2%'])(
    'the DATABASE_URL %s is refused without showing it',
    async (url) => {
      const error = await startDatabase({}, { ...NOTHING, env: { DATABASE_URL: url } }).catch(
        (e: unknown) => e,
      )
      expect(String(error)).toContain('DATABASE_URL is not of the form')
      expect(inspect(error)).not.toContain('hunter2')
    },
  )

  it('Docker is asked for one, and cleans up', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'docker-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const docker = join(folder, 'docker')
    writeFileSync(
      docker,
      `#!/bin/sh\necho "$@" >>"${folder}/calls"\n[ "$1" != run ] || { echo no space left; exit 125; }\n`,
    )
    chmodSync(docker, 0o755)
    await expect(startDatabase({}, { env: {}, folders: [folder] })).rejects.toThrow(
      'mysql:8.4 did not start: no space',
    )
    const calls = readFileSync(join(folder, 'calls'), 'utf8').trim().split('\n')
    const name = /--name=(\S+)/.exec(String(calls[1]))?.[1]
    expect(calls[1]).toMatch(/--publish=127\.0\.0\.1:\d+:3306 .* mysql:8\.4 .*--ssl-ca=\/tls\/ca\.pem/)
    expect([calls[0], ...calls.slice(2)]).toEqual([
      'version',
      `rm --force ${name}`,
      `volume rm --force ${name}`,
    ])
  })

  it('one sentence says how to get one, the same in the library and in the script', async () => {
    const error = await startDatabase({}, NOTHING).catch((e: unknown) => e)
    const sentence = error instanceof Error ? error.message : ''
    expect(sentence).toMatch(
      /^No MySQL server found: .*brew install.*apt-get install.*dnf install.*Docker.*\.$/,
    )
    const script = readFileSync(SCRIPT, 'utf8')
    expect(script).toContain(sentence)
  })

  it('the script is silent when there is one, or DATABASE_URL', () => {
    expect(execFileSync('/bin/sh', [SCRIPT], { encoding: 'utf8' })).toBe('')
    const env = { PATH: '/bin', DATABASE_URL: 'mysql://u:p@h/d' }
    expect(execFileSync('/bin/sh', [SCRIPT], { encoding: 'utf8', env })).toBe('')
  })
})

it('says so when the server of DATABASE_URL does not answer', async () => {
  const env = { DATABASE_URL: 'mysql://shop:secret@127.0.0.1:1/shop' }
  await expect(startDatabase({}, { env, folders: [] })).rejects.toThrow(
    'The server of DATABASE_URL does not let us in: connect ECONNREFUSED 127.0.0.1:1.',
  )
})
