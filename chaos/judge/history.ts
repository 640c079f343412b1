import type { Report } from '../handlers/reports.ts'
import type { Fault, Invocation, Setting } from '../script/script.ts'
import type { Row } from '../world/ledger.ts'

/** An invocation as the platform saw it. Times in milliseconds of wall clock. */
export interface PlayedInvocation extends Invocation {
  readonly number: number
  readonly began: number
  readonly ended: number
  readonly result: {
    readonly ok: boolean
    readonly error?: { errorType: string; errorMessage: string } | undefined
  }
}

/** A fault, from its beginning until nothing is left of it. */
export interface PlayedFault {
  readonly fault: Fault
  readonly from: number
  readonly to: number
}

/** What was seen of the container's connections while it ran. */
export interface SeenConnections {
  /** The most that the container had open at once. */
  readonly most: number
  /** Of those that were for more than to stop a statement. */
  readonly working: number
  /** How often there was one more than the limit: that which stops a statement. */
  readonly beyond: number
  /** Connections whose client was gone while the server had not closed its end. */
  readonly orphaned: number
  /** Sessions that the server still had long after the container had gone. */
  readonly left: number
}

/** All that is known when a script has been played, and all is quiet. */
export interface History {
  readonly client: ClientName
  readonly setting: Setting
  readonly schema: string
  readonly invocations: readonly PlayedInvocation[]
  readonly faults: readonly PlayedFault[]
  /** In the order in which they were written. */
  readonly reports: readonly Report[]
  readonly rows: readonly Row[]
  readonly connections: SeenConnections
  /** What the container printed, and everything that must not be in it. */
  readonly output: string
  readonly secrets: readonly string[]
}

export type ClientName = 'warmpool' | 'mysql2' | 'serverless-mysql'

/** A promise that was not kept. */
export interface Break {
  readonly promise: Promised
  readonly rule: string
  readonly invocation?: number | undefined
  readonly op?: string | undefined
  readonly detail: string
}

export type Promised = 'P1' | 'P2' | 'P3' | 'P4' | 'P5' | 'P6' | 'P8' | 'P9' | 'P10'
