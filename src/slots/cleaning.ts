import { alarmAt, clock, within } from '../clock.ts'
import { WarmpoolError } from '../errors.ts'
import type { Link } from '../link.ts'
import type { Settings } from '../options.ts'
import { type Cleanup, cleanupOf, STATE, TRANSACTION } from '../policy/session.ts'
import type { Opener } from './opener.ts'
import { STOP_PATIENCE, type Stopper } from './stopper.ts'

/** How long a last statement may take, and how long a cleaning, milliseconds. Then the link is replaced. */
const PATIENCE = 1000

/** What a link needs before somebody else may have it. */
export function cleanupFor(link: Link, reset: Settings['sessionReset'], proxied: boolean): Cleanup {
  if (reset === 'always') return cleanupOf(link.effect | STATE, proxied)
  return cleanupOf(reset === 'never' ? link.effect & TRANSACTION : link.effect, proxied)
}

/**
 * Makes a released link clean: a transaction is rolled back, other state is reset and made ours again.
 *
 * @returns whether it is clean. If not, it is dead, or closing it is all that helps.
 */
export async function clean(link: Link, reset: Settings['sessionReset'], opener: Opener): Promise<boolean> {
  const cleanup = cleanupFor(link, reset, opener.proxied)
  if (link.dead || cleanup === 'evict') return false
  if (cleanup === 'none') return true
  const alarm = alarmAt(clock.now() + PATIENCE, () => link.destroy())
  try {
    if (cleanup === 'rollback') await told((done) => link.query('ROLLBACK', undefined, done))
    else {
      await told((done) => link.reset(done))
      await opener.setUp(link, true)
    }
  } catch {
    link.destroy()
  } finally {
    alarm.clear()
  }
  return !link.dead
}

/**
 * Waits for the statement in flight, but not for ever, and has it stopped then. None behind it starts.
 *
 * @param deadline wall clock, milliseconds: of whoever has given it back
 * @param hurry aborts when there is no more time
 */
export async function settle(
  link: Link,
  deadline: number,
  stopper: Stopper,
  hurry: AbortSignal,
): Promise<void> {
  link.cutOff(givenBack())
  const hurried = Promise.withResolvers<void>()
  const hasten = () => {
    link.stop(givenBack(), cutShort)
    hurried.resolve()
  }
  hurry.addEventListener('abort', hasten)
  const until = Math.min(deadline, clock.now() + PATIENCE)
  const soon = await within(until, Promise.race([link.whenQuiet(), hurried.promise]))
  hurry.removeEventListener('abort', hasten)
  if (!soon) link.stop(givenBack(), outlasted)
  if (!link.stopping) return link.readmit()
  await stopper.stop(link, clock.now() + STOP_PATIENCE)
  link.destroy()
}

function givenBack(): WarmpoolError {
  return new WarmpoolError('CONNECTION_RELEASED', 'its connection was given back before this was sent', {
    outcome: 'not-sent',
  })
}

function outlasted(word: Error | undefined): WarmpoolError {
  return new WarmpoolError(
    'CONNECTION_RELEASED',
    `its connection was given back, and ${PATIENCE} ms later there was no answer: await statements before release()`,
    { cause: word },
  )
}

function cutShort(word: Error | undefined): WarmpoolError {
  return new WarmpoolError(
    'POOL_ENDED',
    'its connection was given back, and the pool has ended before there was an answer: await statements before release()',
    { cause: word },
  )
}

function told(run: (done: (error: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => run((error) => (error ? reject(error) : resolve())))
}
