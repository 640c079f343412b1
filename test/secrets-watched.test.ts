import { execFile, spawnSync } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { promisify } from 'node:util'
import { afterEach, expect, test, vi } from 'vitest'
import { WarmpoolError } from '../src/errors.ts'
import { Events } from '../src/events.ts'
import { CallbackConnection } from '../src/handles/callback.ts'
import { RowStream } from '../src/handles/stream.ts'
import { createPool } from '../src/index.ts'
import { takeLeaks } from './support/emissions.ts'
import { keepSecret } from './support/secrets.ts'

const SECRET = 'correct/horse+battery=staple "quoted" & \\slashed'
keepSecret(SECRET)
afterEach(() => vi.restoreAllMocks())

const program = (...args: string[]) => ['-e', 'process.stdout.write(process.argv[1])', ...args]
const inTwo = "process.stdout.write('correct/hor'); setTimeout(() => process.stdout.write('se+battery'), 50)"
const given = { connection: { host: 'h', user: 'u' } }

/** What a package that kept no secret could do, and where that is found. */
const ways: [what: string, from: string, leak: () => unknown][] = [
  ['a log line', 'console.warn', () => console.warn('cannot connect:', { login: [SECRET] })],
  [
    'a log line that a test silences',
    'console.info',
    () => {
      vi.spyOn(console, 'info').mockImplementation(() => {})
      console.info(SECRET)
    },
  ],
  ['an error that nobody has seen', 'WarmpoolError', () => new WarmpoolError('POOL_ENDED', `as ${SECRET}`)],
  [
    'an error, by its cause',
    'WarmpoolError',
    () => new WarmpoolError('CONNECT_FAILED', 'no', { cause: new AggregateError([{ deep: [SECRET] }]) }),
  ],
  [
    'a rejection with any error',
    'a rejection',
    () => reject(Object.assign(new Error('lost'), { config: { password: SECRET } })),
  ],
  ['a rejection with a text', 'a rejection', () => reject(SECRET)],
  [
    'what was added to an error later',
    'a rejection',
    async () => {
      const error = new Error('lost')
      await reject(error)
      error.stack += SECRET
    },
  ],
  ['an event', 'the event warning', () => new Events().emit('warning', SECRET)],
  ['a property of a pool', 'Pool', () => Object.assign(createPool(given), { login: SECRET })],
  [
    'a listener of a pool',
    'Pool',
    () =>
      createPool(given).on(
        'leak',
        Object.assign(() => {}, { login: SECRET }),
      ),
  ],
  [
    'the callback face of a pool',
    'CallbackPool',
    () => Object.assign(createPool(given).pool, { [Symbol('login')]: SECRET }),
  ],
  [
    'the callback face of a connection',
    'CallbackConnection',
    () => new CallbackConnection({ config: {}, login: SECRET } as never),
  ],
  [
    'the failure of a stream',
    'RowStream',
    () => new RowStream().on('error', () => {}).destroy(new Error(SECRET)),
  ],
  [
    'a warning of the process',
    "the process's warning",
    async () => {
      const warned = once(process, 'warning')
      process.emitWarning(SECRET)
      await warned
    },
  ],
  ['a program', `output of ${process.execPath}`, () => spawnSync(process.execPath, program(SECRET))],
  [
    'a program that writes it in two halves',
    `output of ${process.execPath}`,
    () => promisify(execFile)(process.execPath, ['-e', inTwo]),
  ],
  ['a URL', 'console.warn', () => console.warn(`mysql://u:${encodeURIComponent(SECRET)}@h/d`)],
  ['a piece of it', 'console.warn', () => console.warn(`no host ${SECRET.slice(8, 28)}`)],
  ['its bytes', 'console.warn', () => console.warn(Buffer.from(SECRET))],
  ['base64', 'console.warn', () => console.warn(Buffer.from(SECRET).toString('base64'))],
  ['JSON', 'console.warn', () => console.warn(JSON.stringify([SECRET.slice(20)]))],
]

async function reject(reason: unknown): Promise<void> {
  await Promise.reject(reason).catch(() => {})
}

test.each(ways)('a secret is found in %s', async (_, from, leak) => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  await leak()
  await new Promise(setImmediate)
  expect(new Set(takeLeaks().map((found) => found.slice(0, from.length)))).toContain(from)
  expect(takeLeaks()).toEqual([])
})

test('a test that lets out none is left alone', async () => {
  vi.spyOn(console, 'warn').mockImplementation(() => {})
  await reject(new Error('correct horse'))
  console.warn('correct', { 'horse+battery': 'staple' })
  expect(takeLeaks()).toEqual([])
})

test('a rejection that nobody handles stays one', async () => {
  const heard = new EventEmitter()
  const theirs = process.listeners('unhandledRejection')
  process.removeAllListeners('unhandledRejection').once('unhandledRejection', () => heard.emit('unhandled'))
  const unhandled = once(heard, 'unhandled')
  void Promise.reject(new Error('nobody listens'))
  await unhandled
  for (const listener of theirs) process.on('unhandledRejection', listener)
})

test('nothing of the watch is in a stack', async () => {
  const error = new WarmpoolError('POOL_ENDED', 'over')
  expect(error.stack?.split('\n')[1]).toContain('secrets-watched.test.ts')
})
