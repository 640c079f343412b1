import { invalidOption } from '../errors.ts'
import { type Check, kindOf, knownKeys, oneOf, text } from './check.ts'

/** Where a connection's trust comes from when it is not Node's own list. Chain and host name are always verified. */
export interface TlsOptions {
  readonly ca?: string | string[] | Buffer | Buffer[]
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly passphrase?: string
  readonly ciphers?: string
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3'
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3'
}

const CHECKS: { [K in keyof TlsOptions]-?: Check<unknown> } = {
  ca: pems,
  cert: pem,
  key: pem,
  passphrase: text,
  ciphers: text,
  minVersion: oneOf('TLSv1.2', 'TLSv1.3'),
  maxVersion: oneOf('TLSv1.2', 'TLSv1.3'),
}

/** Reads `tls` and `connection.ssl` where they are objects. @throws WarmpoolError `INVALID_OPTION` */
export function trustOf(given: Record<string, unknown>, option: string): TlsOptions {
  knownKeys(given, Object.keys(CHECKS), `${option}.`)
  const checked = Object.entries(CHECKS)
    .filter(([key]) => given[key] !== undefined)
    .map(([key, check]) => [key, check(given[key], `${option}.${key}`)])
  return Object.fromEntries(checked)
}

const ACCEPTED = 'PEM, as a text or a Buffer'

function pems(value: unknown, option: string): unknown {
  return Array.isArray(value) ? value.map((one) => pem(one, option)) : pem(value, option)
}

function pem(value: unknown, option: string): string | Buffer {
  const given = Buffer.isBuffer(value) || (typeof value === 'string' && value !== '')
  if (!given) throw invalidOption(option, kindOf(value), ACCEPTED)
  // A path, as other programs take it, would be trusted to name no authority at all.
  if (!value.includes('-----BEGIN '))
    throw invalidOption(option, `${kindOf(value)} that is not PEM`, ACCEPTED)
  return value
}
