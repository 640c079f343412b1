import type { Link } from '../link.ts'

/** What slots need of a connector; tests have one without sockets. */
export interface Opener {
  readonly proxied: boolean
  open(until: number, signal: AbortSignal): Promise<Link>
  setUp(link: Link): Promise<void>
}
