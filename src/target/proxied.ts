import { invalidOption } from '../errors.ts'
import type { ConnectionSettings, Settings } from '../options.ts'
import { TRACKED } from '../policy/setting-pins.ts'

/** After this RDS Proxy closes a client that is idle, by default; milliseconds (AWS, IdleClientTimeout). */
const PROXYS_IDLE_TIMEOUT = 1_800_000
/** And after this any client, always; milliseconds (AWS, RDS Proxy connection considerations). */
const PROXYS_LIFETIME = 86_400_000

/**
 * Options that do not fit RDS Proxy.
 *
 * @throws WarmpoolError `INVALID_OPTION`: what would pin every session; compression, which it does not have; times past which it
 * closes connections, which a frozen container does not hear of, and which nothing asks about there
 */
export function refuseUnfit({ driver }: ConnectionSettings, settings: Settings): void {
  refusePinning(settings.session)
  if (driver.compress)
    throw invalidOption('connection.compress', 'true', 'nothing: RDS Proxy does not support compression')
  if (/(^|,)\s*COMPRESS\b/i.test(String(driver.flags ?? '')))
    throw invalidOption('connection.flags', 'COMPRESS', 'others: RDS Proxy does not support compression')
  refuseLonger('idleTimeout', settings, PROXYS_IDLE_TIMEOUT, 'an idle connection')
  refuseLonger('maxLifetime', settings, PROXYS_LIFETIME, 'any connection')
}

function refuseLonger(
  option: 'idleTimeout' | 'maxLifetime',
  settings: Settings,
  most: number,
  what: string,
): void {
  if (settings[option] >= most)
    throw invalidOption(option, String(settings[option]), `less than ${most}, when RDS Proxy closes ${what}`)
}

function refusePinning(session: Settings['session']): void {
  for (const name of Object.keys(session))
    if (!TRACKED.includes(name.toLowerCase()))
      throw invalidOption(`session.${name}`, 'a variable that pins an RDS Proxy session', TRACKED.join(', '))
}
