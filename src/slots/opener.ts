import type { Progress } from '../connector.ts'
import type { Address } from '../driver.ts'
import type { Link } from '../link.ts'

/** What slots need of a connector; tests have one without sockets. */
export interface Opener {
  readonly proxied: boolean
  /** For how long the server keeps a session that it hears nothing from, milliseconds. */
  readonly lease: number
  open(until: number, signal: AbortSignal, progress: Progress): Promise<Link>
  /** A connection to the server at `address`, for nothing but stopping what another one runs there. */
  control(address: Address | undefined, until: number): Promise<Link>
  setUp(link: Link, reset: boolean): Promise<void>
  /** There may have been a failover. */
  doubtWriter(): void
}
