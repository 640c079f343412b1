import { clock } from '../clock.ts'
import type { CredentialsRequest } from '../options/types.ts'

/** An answer, and for how long it may be given again, milliseconds. */
export interface Answer<T> {
  readonly value: T
  readonly reusable: number
}

type Renewal = Pick<CredentialsRequest, 'renew' | 'newerThan'>

interface Asked<T> {
  /** By the clock, milliseconds. */
  readonly since: number
  readonly value: Promise<T>
  /** By the clock, milliseconds, past which it is asked for anew. */
  until: number
}

/**
 * How long a question may go without an answer before the next who needs one asks again, milliseconds: a freeze may have cut
 * off what it was put to.
 */
const UNANSWERED = 5000

/** What many need at the same time: asked for once, and given again for as long as it is good. A failure is not kept. */
export class Kept<T> {
  #asked: Asked<T> | undefined
  #last: T | undefined

  /**
   * @param request with `renew` what was asked for at `newerThan` or before is no good any more
   * @param ask is told what was got last
   */
  get(
    { renew, newerThan = renew ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY }: Renewal,
    ask: (last: T | undefined) => Promise<Answer<T>>,
  ): Promise<T> {
    const known = this.#asked
    if (known && known.since > newerThan && clock.now() < known.until) return known.value
    const since = clock.now()
    const answer = ask(this.#last)
    const asked: Asked<T> = { since, value: answer.then(({ value }) => value), until: since + UNANSWERED }
    this.#asked = asked
    answer.then(
      ({ value, reusable }) => {
        this.#last = value
        asked.until = since + reusable
      },
      () => {
        if (this.#asked === asked) this.#asked = known
      },
    )
    return asked.value
  }
}
