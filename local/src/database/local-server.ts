import { writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { escape as quote } from 'mysql2'
import { tlsOptions } from './certificate.ts'
import { DataTemplate } from './data-template.ts'
import type { ServerBinary } from './find-server.ts'
import {
  type Installation,
  type Plan,
  QUICK,
  type Recipe,
  SHARED_OPTIONS,
  setUpStatements,
} from './recipe.ts'

// Keeps the machine's own configuration out; servers want it first.
const ALONE = '--no-defaults'
const SET_UP = 'set-up.sql'

/** MariaDB or MySQL as a process of this machine, run as whoever we are. MySQL's part is not tested yet. */
export function localServer(binary: ServerBinary): Recipe {
  return {
    name: basename(binary.path),
    onThisMachine: true,
    cleanUp: [],
    async prepare(plan) {
      const statements = [
        `ALTER USER 'root'@'localhost' IDENTIFIED BY ${quote(plan.rootPassword)}`,
        ...setUpStatements(plan),
      ]
      const script = statements.map((statement) => `${statement};\n`).join('')
      await writeFile(inside(plan, SET_UP), script, { mode: 0o600 })
      return installation(binary, plan)
    },
    start: (plan, port, first) => [
      binary.path,
      ALONE,
      ...startOptions(binary, plan, port),
      // Run before anybody is let in.
      ...(first ? [`--init-file=${inside(plan, SET_UP)}`] : []),
    ],
    administrator: (plan) => ({ socketPath: socketOf(plan), user: 'root', password: plan.rootPassword }),
    signal: (child, signal) => void child.kill(signal),
  }
}

/** The Unix socket of a server on this machine. */
export function socketOf(plan: Plan): string {
  return inside(plan, 'server.sock')
}

async function installation(binary: ServerBinary, plan: Plan): Promise<Installation> {
  const shared = [...ownPlaces(plan), ...QUICK]
  const data = dataOf(plan)
  // No template: a MySQL's data directory has the server's own UUID in it.
  if (binary.kind === 'mysql')
    return { command: [binary.path, ALONE, '--initialize-insecure', ...shared], data }
  // The method 'socket' leaves no account without a password that could be used over the network.
  const accounts = [
    '--auth-root-authentication-method=socket',
    '--auth-root-socket-user=root',
    '--skip-test-db',
  ]
  const template = await DataTemplate.of([binary.path, binary.installer], [...accounts, ...QUICK])
  return { command: [binary.installer, ALONE, ...accounts, ...shared], data, template }
}

function startOptions(binary: ServerBinary, plan: Plan, port: number): string[] {
  const withoutTls = binary.kind === 'mariadb' ? '--skip-ssl' : '--tls-version='
  return [
    ...ownPlaces(plan),
    `--socket=${socketOf(plan)}`,
    `--pid-file=${inside(plan, 'server.pid')}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    ...SHARED_OPTIONS,
    ...(plan.tls ? tlsOptions(inside(plan, 'tls')) : [withoutTls]),
  ]
}

function ownPlaces(plan: Plan): string[] {
  // Servers refuse to run as root unless they are told to.
  const user = process.getuid?.() === 0 ? ['--user=root'] : []
  return [...user, `--datadir=${dataOf(plan)}`, `--tmpdir=${plan.directory}`]
}

function dataOf(plan: Plan): string {
  return inside(plan, 'data')
}

function inside(plan: Plan, name: string): string {
  return join(plan.directory, name)
}
