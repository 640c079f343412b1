import { invalidOption } from '../errors.ts'
import { isPlainObject, knownKeys, oneOf, shown } from './check.ts'

/** What is done about a statement that pins the session of an RDS Proxy. */
export type Pinning = 'warn' | 'refuse' | 'allow'

/** RDS Proxy mode: by the host name, on or off; an object is on, and says what is done about statements that pin. */
export type ProxyMode = 'auto' | boolean | { readonly pinning: Pinning }

/** Reads `proxy`. What says the same in other words becomes the same, so that two pools of equal meaning are one. */
export function proxyMode(value: unknown, option: string): ProxyMode {
  if (value === 'auto' || typeof value === 'boolean') return value
  if (!isPlainObject(value)) throw invalidOption(option, shown(value), "'auto', true, false, or { pinning }")
  knownKeys(value, ['pinning'], `${option}.`)
  const pinning = oneOf('warn', 'refuse', 'allow')(value.pinning, `${option}.pinning`)
  return pinning === 'warn' ? true : { pinning }
}

export function pinningOf(mode: ProxyMode): Pinning {
  return typeof mode === 'object' ? mode.pinning : 'warn'
}
