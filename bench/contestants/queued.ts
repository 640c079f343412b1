export type Query = (id: number) => Promise<unknown>

/** A contestant of bench/queue: one invocation, in which as many query as like to, on a pool of two connections. */
export interface Queued {
  invoke(work: (query: Query) => Promise<void>, context: object): Promise<void>
  close(): Promise<void>
}
