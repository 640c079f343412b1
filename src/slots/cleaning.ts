import { alarmAt, clock } from '../clock.ts'
import type { Link } from '../link.ts'
import type { Settings } from '../options.ts'
import { type Cleanup, cleanupOf, STATE, TRANSACTION } from '../policy/session.ts'

/** How long a server may take to clean a session, milliseconds. Longer than a round trip anywhere; then it is replaced. */
const PATIENCE = 1000

/** What a link needs before somebody else may have it. */
export function cleanupFor(link: Link, reset: Settings['sessionReset'], proxied: boolean): Cleanup {
  if (reset === 'always') return cleanupOf(link.effect | STATE, proxied)
  return cleanupOf(reset === 'never' ? link.effect & TRANSACTION : link.effect, proxied)
}

/**
 * Makes a session clean: a transaction is rolled back; other state is reset, and then made ours again.
 *
 * @returns whether it is clean. If not, the link is dead.
 */
export async function clean(
  link: Link,
  by: 'rollback' | 'reset',
  setUp: (link: Link) => Promise<void>,
): Promise<boolean> {
  const alarm = alarmAt(clock.now() + PATIENCE, () => link.destroy())
  try {
    if (by === 'rollback') await told((done) => link.query('ROLLBACK', undefined, done))
    else {
      await told((done) => link.reset(done))
      await setUp(link)
    }
  } catch {
    link.destroy()
  } finally {
    alarm.clear()
  }
  return !link.dead
}

function told(run: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())))
}
