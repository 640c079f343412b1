/** An order to invoke the handler again and again, until one of both is reached. */
export interface Block {
  readonly milliseconds: number
  readonly atMost?: number
  /** Between invocations, milliseconds. */
  readonly pause?: number
}

/** Of one invocation, in microseconds, on average over a block. */
export interface Cost {
  readonly invocations: number
  readonly wall: number
  /** User and system time of the client's process. */
  readonly cpu: number
  /** Garbage collection, which is part of both. */
  readonly collecting: number
}
