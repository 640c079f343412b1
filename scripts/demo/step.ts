import type { Connections } from '../server-view.ts'
import type { Stage } from './stage.ts'

/** Something that happens to containers on Lambda, played in the same way by each contestant. */
export interface Step {
  /** For the demo's table. */
  readonly title: string
  /** For the README: a row of its table, or words for the note below it. */
  readonly failure?: string
  readonly note?: string
  /** What the server must have seen of the connections; what is not named may be anything. */
  readonly connections: Partial<Connections>
  play(stage: Stage): Promise<Outcome>
}

/** Steps under one heading. */
export interface Act {
  readonly title: string
  readonly steps: readonly Step[]
}

export interface Outcome {
  /** In a few words. */
  readonly said: string
  /** Invocations that went wrong. */
  readonly wrong: number
}

/** What one contestant made of one step. */
export interface Result extends Outcome {
  readonly invocations: number
  readonly connections: Connections
  /** Why it is not as promised, if it is not. */
  readonly broken: string | undefined
}
