/** The handler of test/shutdown-in-lambda.test.ts and soak/shutdown.ts, without the import that they are about. */
import { createPool } from 'warmpool'

const { LEASE_SECONDS } = process.env
const pool = createPool(LEASE_SECONDS ? { session: { wait_timeout: Number(LEASE_SECONDS) } } : {})

const insert = (run: string, i: number): [string, unknown[]] => ['INSERT INTO notes VALUES (?, ?)', [run, i]]

const does: Record<'open' | 'leave' | 'half', (run: string, seconds: number) => Promise<unknown>> = {
  /** All connections that the pool may have. */
  open: () => Promise.all([pool.query('DO SLEEP(0.01)'), pool.query('DO SLEEP(0.01)')]),
  /** A transaction, and its connection, left behind. */
  async leave(run) {
    const connection = await pool.getConnection()
    await connection.beginTransaction()
    await connection.query(...insert(run, 1))
  },
  /** Answers when the first half of a transaction is done. The second takes a while. */
  async half(run, seconds) {
    const begun = Promise.withResolvers<void>()
    const work = pool.detach(() =>
      pool.transaction(async (tx) => {
        await tx.query(...insert(run, 1))
        begun.resolve()
        await tx.query('DO SLEEP(?)', [seconds])
        await tx.query(...insert(run, 2))
      }),
    )
    work.then(
      () => console.log('committed'),
      ({ code }) => console.log(`stopped: ${code}`),
    )
    await begun.promise
  },
}

/** The event. */
export interface Deed {
  do: keyof typeof does
  /** Whose rows they are. */
  run?: string
  seconds?: number
}

export const handler = pool.wrap(async ({ do: deed, run = '', seconds = 0 }: Deed) => {
  await does[deed](run, seconds)
  return process.pid
})
