import { type InspectOptions, inspect } from 'node:util'

export const EVERYTHING: InspectOptions = {
  depth: Infinity,
  showHidden: true,
  getters: true,
  maxStringLength: Infinity,
  maxArrayLength: Infinity,
}

/** All that can be got out of it by printing it: inspected to any depth, as JSON, as a text, and its stack. */
export function printed(what: unknown): string {
  const ways = [
    () => inspect(what, EVERYTHING),
    () => (inspect.custom in Object(what) ? inspect(what, { ...EVERYTHING, customInspect: false }) : ''),
    () => JSON.stringify(what),
    () => String(what),
    () => (what instanceof Error ? what.stack : ''),
  ]
  return [...ways, ...accessorsOf(what)].map(attempted).join('\n')
}

/** What a class gives by its accessors, such as `pool.config`, which inspect does not call. */
function accessorsOf(what: unknown): (() => string)[] {
  const reads: (() => string)[] = []
  if (typeof what !== 'object' || what === null) return reads
  for (let from = Object.getPrototypeOf(what); from && !ofNode(from); from = Object.getPrototypeOf(from)) {
    for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(from)))
      if (get) reads.push(() => `${name}: ${inspect(get.call(what), EVERYTHING)}`)
  }
  return reads
}

const ofNode = (prototype: { constructor?: unknown }) =>
  /\[native code\]|^function (EventEmitter|Readable|Stream)\b/.test(String(prototype.constructor))

/** What cannot be printed shows nothing: a circle has no JSON. But why it cannot be may show something. */
function attempted(print: () => string | undefined): string {
  try {
    return print() ?? ''
  } catch (error) {
    return String(error)
  }
}
