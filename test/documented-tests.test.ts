import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { databaseForFile } from './support/database.ts'

const root = join(import.meta.dirname, '..')
const server = databaseForFile()
let project: string

/** A user's project: the files of docs/testing.md, where that says they lie, beside the packages as they are installed. */
beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'warmpool-tested-'))
  cpSync(join(root, 'docs/snippets/testing'), project, { recursive: true })
  writeFileSync(join(project, 'package.json'), '{ "type": "module" }')
  const packages = { warmpool: root, 'warmpool-local': join(root, 'local') }
  for (const [name, directory] of Object.entries(packages)) install(name, directory)
  for (const name of ['mysql2', 'vitest', 'vite']) install(name, join(root, 'node_modules', name))
})
afterAll(() => rmSync(project, { recursive: true }))

function install(name: string, directory: string): void {
  const link = join(project, 'node_modules', name)
  mkdirSync(dirname(link), { recursive: true })
  symlinkSync(directory, link)
}

/** Runs a command of the project against a schema of its own, where `startDatabase()` would start a server. */
async function run(name: string, ...args: string[]): Promise<string> {
  const { host, port } = server.current
  await server.current.query(`CREATE DATABASE ${name}`)
  await server.current.query(`CREATE USER ${name}@'%' IDENTIFIED BY 'documented'`)
  await server.current.query(`GRANT ALL ON ${name}.* TO ${name}@'%'`)
  const env = {
    ...process.env,
    DATABASE_URL: `mysql://${name}:documented@${host}:${port}/${name}`,
    NODE_OPTIONS: '',
  }
  const { stdout } = await promisify(execFile)(process.execPath, args, {
    cwd: project,
    env,
    encoding: 'utf8',
  })
  return stdout
}

const page = readFileSync(join(root, 'docs/testing.md'), 'utf8')
const testsIn = (file: string) => {
  const source = readFileSync(join(root, 'docs/snippets/testing/test', file), 'utf8')
  return source.match(/^test\(/gm)?.length ?? 0
}

test.concurrent('the tests of docs/testing.md pass under vitest', async () => {
  const stdout = await run(
    'with_vitest',
    'node_modules/vitest/vitest.mjs',
    'run',
    '--no-file-parallelism',
    '--test-timeout=20000',
  )
  const count = testsIn('get-customer.test.ts') + testsIn('get-customer-in-lambda.test.ts')
  expect(stdout).toMatch(new RegExp(`Tests .*${count} passed`))
})

test.concurrent('the test of docs/testing.md passes under node:test', async () => {
  const stdout = await run('with_node', '--test', '--test-reporter=tap', 'test/get-customer.node.ts')
  expect(stdout).toContain(`# pass ${testsIn('get-customer.node.ts')}\n`)
})

test('docs/testing.md says where each file lies', () => {
  for (const file of [
    'src/get-customer.ts',
    'test/shop.ts',
    'test/get-customer.test.ts',
    'test/get-customer-in-lambda.test.ts',
    'test/get-customer.node.ts',
  ])
    expect(page).toContain(`\`${file}\``)
})
