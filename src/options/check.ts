import { invalidOption } from '../errors.ts'

/** Reads one option: gives it back with its type, or throws `INVALID_OPTION`. */
export type Check<T> = (value: unknown, option: string) => T

/** What kind of value came, for options that may hold a secret: nothing of the value itself. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null'
  if (value === undefined) return 'nothing'
  if (value === '') return 'an empty text'
  if (typeof value === 'string') return `a text of ${value.length} characters`
  if (Array.isArray(value)) return 'an array'
  if (typeof value !== 'object') return `a ${typeof value}`
  return isPlainObject(value) ? 'an object' : `a ${value.constructor?.name ?? 'special'} object`
}

/** What came, for options that never hold a secret. */
export function shown(value: unknown): string {
  const scalar = ['string', 'number', 'boolean', 'bigint'].includes(typeof value)
  return scalar ? literal(value) : kindOf(value)
}

/** As it is written in a program. Not `util.inspect`: importing `node:util` takes more than a third of our own import (bench/import). */
function literal(value: unknown): string {
  if (typeof value === 'bigint') return `${value}n`
  if (Object.is(value, -0)) return '-0'
  return typeof value === 'string' ? `'${value}'` : String(value)
}

export function integer(from: number, to: number): Check<number> {
  return (value, option) => {
    if (Number.isInteger(value) && (value as number) >= from && (value as number) <= to)
      return value as number
    throw invalidOption(option, shown(value), `a whole number from ${from} to ${to}`)
  }
}

/** A time in milliseconds. The longest is what setTimeout can hold, 2^31 - 1 ms. */
export const milliseconds = (from: number): Check<number> => integer(from, 2 ** 31 - 1)

export function oneOf<const T extends readonly unknown[]>(...accepted: T): Check<T[number]> {
  return (value, option) => {
    if (accepted.includes(value)) return value
    throw invalidOption(option, shown(value), accepted.map(literal).join(', '))
  }
}

/** A text that may be a secret, so it is never shown. */
export const text: Check<string> = (value, option) => {
  if (typeof value === 'string' && value !== '') return value
  throw invalidOption(option, kindOf(value), 'a text')
}

export const plainObject: Check<Record<string, unknown>> = (value, option) => {
  if (isPlainObject(value)) return value
  throw invalidOption(option, kindOf(value), 'a plain object')
}

/** Own properties are all there is to it: a URL or a Map given for options would be read as none. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  const prototype = Object.getPrototypeOf(value)
  // Object.prototype of another realm, as test runners make them, is one too.
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Refuses names that are not known, with the nearest known one where there is one. */
export function knownKeys(given: object, known: readonly string[], path: string): void {
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    const near = known.find((name) => name.toLowerCase() === key.toLowerCase())
    const accepted = near ? `${near} (mind the case)` : known.join(', ')
    throw invalidOption(`${path}${key}`, 'an option that does not exist', accepted)
  }
}
