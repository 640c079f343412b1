import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createConnection } from 'mysql2/promise'
import { expect } from 'vitest'
import { makeCertificate } from '../../local/src/database/certificate.ts'
import { STEPS, type Step, type StepName } from '../../local/src/doctor/diagnose.ts'
import type { PoolOptions } from '../../src/index.ts'
import type { Database } from './database.ts'
import { diagnosed, notOk, stepOf } from './diagnosed.ts'
import { keepSecret } from './secrets.ts'

/** A set-up with one thing wrong. */
export interface Case {
  /** What it makes is put right when the stack is disposed of. */
  readonly options: (stack: AsyncDisposableStack) => PoolOptions | Promise<PoolOptions>
  readonly step: StepName
  readonly said: string | RegExp
  readonly todo: string | RegExp | null
  /** Milliseconds for each answer. */
  readonly limit?: number
}

export function direct({ host, port, user, password, database }: Database) {
  return { host, port, user, password, database }
}

/** By a name that the server's certificate has. */
export function byName(server: Database) {
  return { ...direct(server), host: 'localhost' }
}

export const DAY = 86_400_000

/** Has the server show another certificate until the stack is disposed of. */
export async function showCertificate(
  server: Database,
  stack: AsyncDisposableStack,
  validity: object,
): Promise<string> {
  const folder = join(String(server.directory), 'tls')
  const show = async (certificate: { ca: string; cert: string; key: string }) => {
    for (const [part, pem] of Object.entries(certificate)) writeFileSync(join(folder, `${part}.pem`), pem)
    await server.query('FLUSH SSL')
  }
  const certificate = await makeCertificate(validity)
  await show(certificate)
  stack.defer(async () => {
    const next = await makeCertificate()
    await show(next)
    Object.defineProperty(server, 'ca', { value: next.ca, configurable: true })
  })
  return certificate.ca
}

/** Sets a variable of the server until the stack is disposed of. */
export async function set(
  server: Database,
  stack: AsyncDisposableStack,
  name: string,
  value: number,
): Promise<void> {
  const [before] = await server.query(`SELECT @@GLOBAL.${name} AS value`)
  await server.query(`SET GLOBAL ${name} = ${value}`)
  stack.defer(async () => void (await server.query(`SET GLOBAL ${name} = ${before?.value}`)))
}

/** A user with rights of its own, who may come from anywhere. */
export async function user(
  server: Database,
  name: string,
  grant: string,
): Promise<{ user: string; password: string }> {
  const password = `the password of ${name}`
  keepSecret(password)
  await server.query(`CREATE USER ${name} IDENTIFIED BY '${password}'`)
  await server.query(`GRANT ${grant} TO ${name}`)
  return { user: name, password }
}

export async function take(server: Database, stack: AsyncDisposableStack, count: number): Promise<void> {
  const opening = Array.from({ length: count }, () => createConnection(direct(server)))
  for (const connection of await Promise.all(opening)) stack.defer(() => connection.end())
}

export function told(step: Step, said: Case['said'], todo: Case['todo']): void {
  if (typeof said === 'string') expect(step.said).toBe(said)
  else expect(step.said).toMatch(said)
  if (todo instanceof RegExp) expect(step.todo).toMatch(todo)
  else expect(step.todo).toBe(todo)
}

/** Looks, and expects that fault, nothing wrong before it, and nothing looked at behind it. */
export async function isFault({ options, step, said, todo, limit }: Case): Promise<void> {
  await using stack = new AsyncDisposableStack()
  const steps = await diagnosed(await options(stack), limit)
  expect(steps.map(({ step }) => step)).toEqual(STEPS)
  const behind = STEPS.slice(STEPS.indexOf(step) + 1)
  expect(notOk(steps)).toEqual([[step, 'fault'], ...behind.map((name) => [name, 'skipped'])])
  told(stepOf(steps, step), said, todo)
  for (const name of behind)
    expect(stepOf(steps, name)).toMatchObject({
      said: `not looked at, because of the fault in ${step}`,
      todo: null,
    })
}
