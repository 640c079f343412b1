import { inspect } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WarmpoolError } from '../src/errors.ts'
import { DEFAULTS, type PoolOptions, resolveOptions } from '../src/options.ts'
import { keyOf, targetOf } from '../src/target/target.ts'

type Given = { options?: unknown; env?: NodeJS.ProcessEnv | undefined }

/** Everywhere a secret may be put, rightly or by mistake. */
const places: Record<string, (secret: string) => Given> = {
  'the options': (secret) => ({ options: secret }),
  'a list of options': (secret) => ({ options: [secret] }),
  'the connection': (secret) => ({ options: { connection: secret } }),
  'a list': (secret) => ({ options: { connection: [secret] } }),
  'a URL': (secret) => ({ options: { connection: urlWith(encodeURIComponent(secret)) } }),
  'a URL, not encoded': (secret) => ({ options: { connection: urlWith(secret) } }),
  'a URL of another scheme': (secret) => ({ options: { connection: `postgres://u:${secret}@h/d` } }),
  'a URL without a scheme': (secret) => ({ options: { connection: `u:${secret}@h/d` } }),
  'a URL with a bad port': (secret) => ({ options: { connection: `mysql://u:${secret}@h:70000/d` } }),
  'a URL, then an unknown option': (secret) => ({ options: { connection: `${urlWith(secret)}?hots=1` } }),
  'a URL, then a pool option': (secret) => ({
    options: { connection: `${urlWith(secret)}?connectionLimit=1` },
  }),
  'a query': (secret) => ({
    options: { connection: `mysql://h/d?password=${encodeURIComponent(secret)}&hots=1` },
  }),
  'a query, not encoded': (secret) => ({ options: { connection: `mysql://h/d?password=${secret}` } }),
  'a query, twice': (secret) => ({
    options: { connection: `${urlWith('x')}?password=${encodeURIComponent(secret)}` },
  }),
  'a uri': (secret) => ({ options: { connection: { uri: urlWith(secret), hots: 1 } } }),
  'a uri that is none': (secret) => ({ options: { connection: { uri: secret } } }),
  'a URL as the host': (secret) => ({ options: { connection: { host: urlWith(secret) } } }),
  'the end of a URL as the host': (secret) => ({ options: { connection: { host: `${secret}@db.example` } } }),
  'the password': (secret) => ({ options: { connection: { host: 'h', password: secret, hots: 1 } } }),
  'the password, as a list': (secret) => ({ options: { connection: { host: 'h', password: [secret] } } }),
  'the password, as a number': (secret) => ({
    options: { connection: { host: 'h', password: Number(secret) } },
  }),
  'the second password': (secret) => ({ options: { connection: { host: 'h', password2: [secret] } } }),
  'the user': (secret) => ({ options: { connection: { host: 'h', user: { secret } } } }),
  'the key': (secret) => ({
    options: { connection: { host: 'h', ssl: { key: secret, passphrase: [secret] } } },
  }),
  'an ssl profile': (secret) => ({ options: { connection: { host: 'h', ssl: secret } } }),
  'a key for an address': (secret) => ({
    options: { connection: { host: '10.0.0.1' }, tls: { key: secret } },
  }),
  tls: (secret) => ({ options: { connection: { host: 'h' }, tls: secret } }),
  'the authorities': (secret) => ({
    options: { connection: { host: 'h' }, tls: { ca: [secret, 5], key: secret } },
  }),
  credentials: (secret) => ({ options: { connection: { host: 'h' }, credentials: secret } }),
  'an object of credentials': (secret) => ({
    options: { connection: { host: 'h' }, credentials: { password: secret } },
  }),
  'a password beside credentials': (secret) => ({
    options: { connection: { host: 'h', password: secret }, credentials: async () => ({ password: secret }) },
  }),
  'a session variable': (secret) => ({ options: { connection: { host: 'h' }, session: { init: [secret] } } }),
  'the top level': (secret) => ({ options: { host: 'h', password: secret } }),
  DATABASE_URL: (secret) => ({ env: { DATABASE_URL: secret } }),
  'DATABASE_URL, not encoded': (secret) => ({ env: { DATABASE_URL: urlWith(secret) } }),
  'DATABASE_URL with an unknown option': (secret) => ({ env: { DATABASE_URL: `${urlWith(secret)}?hots=1` } }),
  DB_HOST: (secret) => ({ env: { DB_HOST: urlWith(secret) } }),
  DB_PASSWORD: (secret) => ({ env: { DB_HOST: 'h', DB_PASSWORD: secret, DB_PORT: 'x' } }),
}

const urlWith = (password: string) => `mysql://user:${password}@db.example/shop`

const secrets = fc
  .oneof(
    fc.string({ minLength: 10, maxLength: 40, unit: 'grapheme-ascii' }),
    fc.string({ minLength: 10, maxLength: 40, unit: 'grapheme' }),
    fc.string({ minLength: 10, maxLength: 20, unit: fc.constantFrom(...'abc12@:/?#%&=[]\\ "\'') }),
    fc.string({ minLength: 10, maxLength: 16, unit: fc.constantFrom(...'123456789') }),
  )
  .filter((secret) => secret.isWellFormed() && telling(secret).length > 0)

/** Pieces long and varied enough that a message cannot hold them by chance. */
function telling(secret: string): string[] {
  const pieces = Array.from({ length: Math.max(0, secret.length - 7) }, (_, at) => secret.slice(at, at + 8))
  return [secret, ...pieces].filter(
    (piece) => new Set(piece.toLowerCase().replace(/[^a-z0-9]/g, '')).size > 3,
  )
}

const OTHER = '!'.repeat(12)

const garbage = fc.dictionary(fc.constantFrom(...Object.keys(DEFAULTS)), fc.anything(), { maxKeys: 3 })

/** Asks for a pool's settings the way createPool does. Gives everything that anybody could print. */
function printed({ options, env = {} }: Given): string[] {
  try {
    const settings = resolveOptions(options as PoolOptions, env)
    if (typeof settings.connection !== 'function') targetOf(settings.connection, settings)
    return [keyOf(settings)]
  } catch (error) {
    if (!(error instanceof WarmpoolError)) throw error
    return [
      error.message,
      String(error.stack),
      inspect(error.cause, { depth: Infinity, showHidden: true }),
      inspect(error, { depth: Infinity, showHidden: true }),
      JSON.stringify(error),
    ]
  }
}

test.each(Object.entries(places))('a secret in %s is in no refusal', (_, place) => {
  const property = fc.property(secrets, garbage, (secret, more) => {
    const plain = typeof place(secret).options === 'object' && !Array.isArray(place(secret).options)
    const given = (value: string) => {
      const { options, env } = place(value)
      return { options: plain ? { ...more, ...(options as object) } : options, env }
    }
    const said = [place(secret), given(secret)].flatMap(printed).join('\n')
    // Words that stand there whatever the secret is do not come from it.
    const anyway = [place(OTHER), given(OTHER), { options: 0 }].flatMap(printed).join('\n')
    const pieces = [secret, encodeURIComponent(secret), String(Number(secret))].flatMap(telling)
    expect(pieces.filter((piece) => said.includes(piece) && !anyway.includes(piece))).toEqual([])
  })
  fc.assert(property, { numRuns: 60 })
})

test('garbage of any kind is refused by name or taken, and nothing else is thrown', () => {
  const options = fc.dictionary(
    fc.constantFrom('connection', ...Object.keys(DEFAULTS)),
    fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withNullPrototype: true }),
  )
  fc.assert(
    fc.property(options, (given) => {
      printed({ options: given, env: { DB_HOST: 'h' } })
    }),
    { numRuns: 2000 },
  )
})
