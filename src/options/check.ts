import { inspect } from 'node:util'
import { invalidOption } from '../errors.ts'

/** Reads one option: gives it back with its type, or throws `INVALID_OPTION`. */
export type Check<T> = (value: unknown, option: string) => T

/** What a received value looks like in a message. Texts are shown only by checks whose option never holds a secret. */
export function shown(value: unknown): string {
  if (value === null || typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint')
    return String(value)
  if (typeof value === 'undefined') return 'nothing'
  if (typeof value === 'string') return `a text of ${value.length} characters`
  return Array.isArray(value) ? 'an array' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

export function integer(from: number, to: number): Check<number> {
  return (value, option) => {
    if (Number.isInteger(value) && (value as number) >= from && (value as number) <= to)
      return value as number
    throw invalidOption(
      option,
      typeof value === 'string' ? inspect(value) : shown(value),
      `a whole number from ${from} to ${to}`,
    )
  }
}

/** A time in milliseconds. The longest is what setTimeout can hold, 2^31 - 1 ms. */
export const milliseconds = (from: number): Check<number> => integer(from, 2 ** 31 - 1)

export function oneOf<const T extends readonly unknown[]>(...accepted: T): Check<T[number]> {
  return (value, option) => {
    if (accepted.includes(value)) return value
    const received = typeof value === 'string' ? inspect(value) : shown(value)
    throw invalidOption(option, received, accepted.map((one) => inspect(one)).join(', '))
  }
}

/** A text that may be a secret, so it is never shown. */
export const text: Check<string> = (value, option) => {
  if (typeof value === 'string' && value !== '') return value
  throw invalidOption(option, value === '' ? 'an empty text' : shown(value), 'a text')
}

export const plainObject: Check<Record<string, unknown>> = (value, option) => {
  if (typeof value === 'object' && value !== null && !Array.isArray(value))
    return value as Record<string, unknown>
  throw invalidOption(option, shown(value), 'an object')
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
