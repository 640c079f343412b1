import { CallbackFace, type PromiseFace, settle } from './handles/callback.ts'
import type { Connection } from './handles/connection.ts'
import { askedBy } from './place.ts'

interface PoolFace extends PromiseFace {
  readonly config: object
  getConnection(): Promise<Connection>
  end(): Promise<void>
}

/** A pool as mysql2's callback `Pool`. */
export class CallbackPool extends CallbackFace<PoolFace> {
  get config(): object {
    return this.face.config
  }

  getConnection(callback: (error: Error | null, connection?: unknown) => void): void {
    const asked = askedBy(CallbackPool.prototype.getConnection, () => this.face.getConnection())
    settle(
      asked.then((connection) => connection.connection),
      callback,
    )
  }

  releaseConnection(connection: { release(): void }): void {
    connection.release()
  }

  end(callback?: (error: Error | null) => void): void {
    this.tell(this.face.end(), callback)
  }

  [Symbol.dispose](): void {
    this.end()
  }
}
