import { invalidOption } from '../errors.ts'
import { shown } from './check.ts'
import type { ConnectionSettings } from './connection.ts'
import type { Checked } from './types.ts'

/**
 * Gives the connection back, where nothing beside it says otherwise.
 *
 * @param path of the options, for messages
 * @throws WarmpoolError `INVALID_OPTION`
 */
export function refuseContradictions(
  connection: ConnectionSettings,
  { credentials, tls }: Checked,
  path = '',
): ConnectionSettings {
  if (credentials && connection.password !== undefined)
    throw invalidOption(`${path}credentials`, 'a function beside connection.password', 'one of them')
  if (tls !== 'auto' && connection.ssl !== undefined && connection.ssl !== tls)
    throw invalidOption(`${path}tls`, `${shown(tls)} beside connection.ssl`, 'one of them')
  return connection
}
