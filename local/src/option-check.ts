/** What an option may be, and how the sentence that refuses anything else names it. */
export interface Kind {
  readonly accepted: string
  readonly accepts: (value: unknown) => boolean
  /** Of a value with named parts that have to be strings: the name of the first that is none. */
  readonly wrongPart?: (value: unknown) => string | undefined
}

/** The kinds of a function's options, by name. */
export type Kinds<Options> = { readonly [Name in keyof Required<Options>]: Kind }

const LONGEST_TIMER = 2 ** 31 - 1
const SHOWN = 40

export const text: Kind = {
  accepted: 'a string that is not empty',
  accepts: (value) => typeof value === 'string' && value !== '',
}
export const flag: Kind = { accepted: 'true or false', accepts: (value) => typeof value === 'boolean' }
export const callback: Kind = { accepted: 'a function', accepts: (value) => typeof value === 'function' }
export const texts: Kind = {
  accepted: 'an array of strings',
  accepts: (value) => Array.isArray(value) && value.every((one) => typeof one === 'string'),
}
/** Its values are not shown when they are refused: they may be secrets. */
export const textByName: Kind = {
  accepted: 'an object whose values are strings',
  accepts: (value) => isPlainObject(value) && notText(value) === undefined,
  wrongPart: (value) => (isPlainObject(value) ? notText(value) : undefined),
}

/** @param least default above 0 */
export function milliseconds(least?: number): Kind {
  return {
    accepted: `milliseconds ${least === undefined ? 'above 0' : `from ${least}`} and at most ${LONGEST_TIMER}`,
    accepts: (value) =>
      typeof value === 'number' &&
      value <= LONGEST_TIMER &&
      (least === undefined ? value > 0 : value >= least),
  }
}

export function wholeNumber(least: number, most = Number.MAX_SAFE_INTEGER): Kind {
  const bounds = most === Number.MAX_SAFE_INTEGER ? `from ${least}` : `from ${least} to ${most}`
  return {
    accepted: `a whole number ${bounds}`,
    accepts: (value) => Number.isInteger(value) && Number(value) >= least && Number(value) <= most,
  }
}

export function oneOf(...values: readonly string[]): Kind {
  return {
    accepted: values.map((value) => `'${value}'`).join(', '),
    accepts: (value) => values.includes(value as string),
  }
}

export function instance(accepted: string, accepts: (value: object) => boolean): Kind {
  return { accepted, accepts: (value) => typeof value === 'object' && value !== null && accepts(value) }
}

/**
 * Refuses what is no option of a function or of the wrong kind; an option that is undefined counts as not given.
 *
 * @param of the function, as the sentence names it
 * @throws Error naming the first option that is wrong, what was received and what is accepted
 */
export function checkOptions<Options extends object>(
  of: string,
  options: Options,
  kinds: Kinds<Options>,
): void {
  if (!isPlainObject(options)) {
    throw new Error(`${of}: its options are ${shown(options)}, but must be an object.`)
  }
  for (const [name, value] of Object.entries(options)) {
    const kind = Object.hasOwn(kinds, name) ? kinds[name as keyof Options] : undefined
    if (kind === undefined) {
      throw new Error(
        `${of}: there is no option '${name}', only ${Object.keys(kinds).toSorted().join(', ')}.`,
      )
    }
    if (value === undefined || kind.accepts(value)) continue
    const part = kind.wrongPart?.(value)
    const is = part === undefined ? `is ${shown(value)}` : `has a ${part} that is no string`
    throw new Error(`${of}: ${name} ${is}, but must be ${kind.accepted}.`)
  }
}

function notText(values: Record<string, unknown>): string | undefined {
  return Object.keys(values).find((name) => typeof values[name] !== 'string')
}

/** Objects by their kind alone: what they hold may be secret. */
function shown(value: unknown): string {
  if (typeof value === 'string') return `'${value.length > SHOWN ? `${value.slice(0, SHOWN)}…` : value}'`
  if (Array.isArray(value)) return 'an array'
  if (typeof value === 'object' && value !== null) return 'an object'
  return typeof value === 'function' ? 'a function' : String(value)
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
