import 'warmpool/shutdown'
import { createPool } from 'warmpool'
import { working } from './work.ts'

const pool = createPool({
  onLeak: 'ignore',
  session: { wait_timeout: Number(process.env.LEASE_SECONDS) },
})
const work = working(pool)

/** What is under way belongs to the container, or the end of its invocation would end it. */
export const handler = pool.wrap((event: Parameters<typeof work>[0]) =>
  event.work === 'a transaction under way' ? pool.detach(() => work(event)) : work(event),
)
