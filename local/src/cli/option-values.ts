import { refuse } from './failure.ts'

/** Node's timers take no more. */
const LONGEST = 2 ** 31 - 1

/** @throws CommandError unless the text is a whole number within the bounds, which default to 1 and none */
export function wholeNumber(option: string, text: string, from = 1, to = Number.POSITIVE_INFINITY): number {
  const number = /^\d+$/.test(text) ? Number(text) : Number.NaN
  if (number >= from && number <= to && Number.isSafeInteger(number)) return number
  const accepted =
    to === Number.POSITIVE_INFINITY
      ? `a whole number above ${from - 1}`
      : `a whole number from ${from} to ${to}`
  return refuse(`${option} is '${text}', but must be ${accepted}.`)
}

/** Milliseconds of a time with its unit, `2s` or `500ms`. @throws CommandError for anything else */
export function time(option: string, text: string): number {
  const ms = withUnit(text)
  if (ms !== undefined && ms <= LONGEST) return ms
  return refuse(`${option} is '${text}', but must be a time such as 2s or 500ms.`)
}

/** The same where a number without a unit is milliseconds. @throws CommandError when it is not within the bounds */
export function milliseconds(option: string, text: string, from: number, to: number): number {
  const ms = withUnit(text) ?? (/^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN)
  if (ms >= from && ms <= to) return ms
  return refuse(`${option} is '${text}', but must be milliseconds from ${from} to ${to}.`)
}

/** @throws CommandError, which names the accepted ones, unless the text is one of them */
export function oneOf<T extends string>(option: string, text: string, accepted: readonly T[]): T {
  const found = accepted.find((one) => one === text)
  return found ?? refuse(`${option} is '${text}', but must be one of ${accepted.join(', ')}.`)
}

/** `KEY=VALUE` pairs, a later one in place of an earlier. @throws CommandError for one without `=` or without a name */
export function pairs(option: string, texts: readonly string[]): Record<string, string> {
  return Object.fromEntries(texts.map((text) => pair(option, text)))
}

function pair(option: string, text: string): [name: string, value: string] {
  const [, name, value] = /^([A-Za-z_][\w.-]*)=(.*)$/s.exec(text) ?? []
  // Without the text: what stands where a name should be may be a secret.
  if (name === undefined || value === undefined)
    return refuse(`${option} wants NAME=VALUE, such as ${option} LOG_LEVEL=debug.`)
  return [name, value]
}

function withUnit(text: string): number | undefined {
  const [, number, unit] = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(text) ?? []
  return number === undefined ? undefined : Number(number) * (unit === 's' ? 1000 : 1)
}
