import { invalidOption } from '../errors.ts'
import { type ConnectionSettings, readConnection } from './connection.ts'
import { refuseContradictions } from './contradictions.ts'
import type { Checked, ReaderOptions, Settings } from './types.ts'

/**
 * The settings of the reader: a pool of its own, whose connection is what `reader.connection` says, and the pool's for the rest.
 *
 * @param own what `reader` says
 * @param pool the pool's connection
 * @param checked the reader's options, with the pool's where it has none
 * @returns nothing where the reader would be where the pool is, as whom it is: then the pool is its own reader
 * @throws WarmpoolError `INVALID_OPTION`
 */
export function readerSettings(
  own: ReaderOptions,
  pool: Settings['connection'],
  checked: Checked,
): Settings | undefined {
  const { connection: source } = own
  if (typeof source !== 'function' && typeof pool !== 'function') {
    const [connection, settings] = laidOver(source, pool, own, checked)
    return samePlace(connection, pool) ? undefined : { ...settings, connection, reader: undefined }
  }
  if (checked.name === undefined)
    throw invalidOption(
      'name',
      'nothing, while reader.connection is a function',
      'a name: the target is not known until the function has answered',
    )
  const connection = async () => {
    const [given, under] = await Promise.all([
      typeof source === 'function' ? source() : source,
      typeof pool === 'function' ? pool() : pool,
    ])
    return laidOver(given, under, own, checked)[0]
  }
  return { ...checked, connection, reader: undefined }
}

/** What is its own goes before what it has of the pool, also where both say the same thing in other words. */
function laidOver(
  source: unknown,
  { password, ssl, ...pool }: ConnectionSettings,
  own: ReaderOptions,
  checked: Checked,
): [ConnectionSettings, Checked] {
  const alone = readConnection(source, 'reader.connection')
  const ofItself = own.credentials || (alone.user !== undefined && alone.user !== pool.user)
  const under = {
    ...pool,
    ...(ofItself || password === undefined ? {} : { password }),
    ...(own.tls !== undefined || ssl === undefined ? {} : { ssl }),
  }
  const settings = {
    ...checked,
    ...(alone.password !== undefined && { credentials: own.credentials }),
    ...(alone.ssl !== undefined && own.tls === undefined && { tls: 'auto' as const }),
  }
  const connection = readConnection(source, 'reader.connection', under)
  return [refuseContradictions(connection, settings, 'reader.'), settings]
}

function samePlace(one: ConnectionSettings, other: ConnectionSettings): boolean {
  return (['host', 'port', 'socketPath', 'user', 'database'] as const).every(
    (part) => one[part] === other[part],
  )
}
