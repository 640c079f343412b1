import type { Container, ContestantName } from './container.ts'
import type { Stage } from './stage.ts'

/** A way in which a library can let its users down. */
export interface Scenario {
  /** What goes wrong, as a row of the table says it; Markdown. */
  readonly title: string
  /** To whom it can happen at all. */
  readonly contestants: readonly ContestantName[]
  /** To whom it does happen. Where it does not, the scenario shows nothing. */
  readonly fails: readonly ContestantName[]
  /** Connections of a pool; default 2. */
  readonly connectionLimit?: number
  /**
   * One try, with a fresh container on clean tables. Resolves with whether it went wrong.
   *
   * @throws Error when it does not come to what is to be shown
   */
  play(container: Container, stage: Stage): Promise<boolean>
}
