/**
 * The source of a handler that does what the event asks for. Its environment says what it does while it loads: INTERNAL, the events
 * that its internal extension registers for (also none); HEARS, that it listens for SIGTERM without one; PROBE, registrations that Lambda refuses; FAILS, how often loading
 * fails, as its scratch directory counts it, and HOW.
 */
export const HANDLER = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { setTimeout as delay } from 'node:timers/promises'
const { AWS_LAMBDA_RUNTIME_API, INTERNAL, HEARS, PROBE, FAILS = '0', HOW, LOADS } = process.env
const api = 'http://' + AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension/'
async function register(name, events, headers = { 'lambda-extension-name': name }) {
  const response = await fetch(api + 'register', { method: 'POST', headers, body: JSON.stringify({ events }) })
  const id = response.headers.get('lambda-extension-identifier')
  return { status: response.status, id, ...(await response.json()) }
}
async function next(id) {
  for (;;) {
    const event = await (await fetch(api + 'event/next', { headers: { 'lambda-extension-identifier': id } })).json()
    process.stdout.write('internal told ' + event.eventType + '\\n')
    if (event.slow) await delay(event.slow)
  }
}

appendFileSync(tmpdir() + '/loads', 'x')
const loads = readFileSync(tmpdir() + '/loads', 'utf8').length
process.stdout.write('load ' + loads + '\\n')
const fail = {
  throw() { throw new RangeError('not yet') },
  exit() { process.exit(5) },
  hang: () => delay(60_000),
}
if (loads <= Number(FAILS)) await fail[HOW]()

const probes = []
if (PROBE !== undefined) {
  for (const name of ['one', 'one']) probes.push(await register(name, []))
  probes.push(await register('two', ['SHUTDOWN']), await register('two', ['OTHER']), await register('', [], {}))
  for (let i = 2; i <= 11; i++) probes.push(await register('more' + i, []))
  for (const { id } of probes) if (id) next(id).catch(() => {})
}
if (INTERNAL !== undefined) {
  const { id } = await register('internal', INTERNAL.split(',').filter(Boolean))
  next(id).catch(() => {})
}
if (INTERNAL !== undefined || HEARS !== undefined) {
  process.on('SIGTERM', () => {
    process.stdout.write('SIGTERM\\n')
    if (existsSync(tmpdir() + '/obey')) process.exit(0)
  })
}
if (LOADS) {
  while (!existsSync(LOADS)) await delay(5)
  setTimeout(() => process.stdout.write('loaded\\n'), 100) // when the runtime has long gone on
}

const does = {
  async echo(event, context) { return { loads, pid: process.pid, scratch: tmpdir(), probes } },
  async throw() { throw new TypeError('not today') },
  async crash() { process.exit(3) },
  async die() { process.kill(process.pid, 'SIGKILL'); await delay(60_000) },
  async hang() { await delay(60_000) },
  async obey() { writeFileSync(tmpdir() + '/obey', '') },
  async register({ name }) { return register(name, []) },
  async allocate({ megabytes }) { return Buffer.alloc(megabytes * 2 ** 20, 1).length },
  async say({ text }) { process.stdout.write(text + '\\n') },
}
export const handler = async (event, context) => does[event.do ?? 'echo'](event, context)
`
