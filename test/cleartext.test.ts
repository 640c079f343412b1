import { expect, test } from 'vitest'
import { createPool, iam } from '../src/index.ts'

const plain = { host: '127.0.0.1', user: 'shop' }

test.each<[string, object]>([
  [
    'an IAM token',
    { connection: { ...plain, host: 'localhost' }, credentials: iam({ region: 'eu-west-1' }) },
  ],
  [
    'a clear-text plugin',
    { connection: { ...plain, authPlugins: { mysql_clear_password: () => () => Buffer.from('x') } } },
  ],
])('%s without TLS is refused when the pool is created', (_what, options) => {
  expect(() => createPool(options)).toThrow(/without TLS; accepted: tls/)
})

test("mysql2's debug, which prints the handshake, is refused", () => {
  expect(() => createPool({ connection: { ...plain, debug: true } as never })).toThrow(
    /connection\.debug: .*password or token/,
  )
})
