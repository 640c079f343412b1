import type { Setting } from '../script/script.ts'
import type { Evidence } from './evidence.ts'
import type { Break } from './history.ts'

/** How many connections a container may have: worker threads have a part each, but never less than one. */
export function limitOf({ connectionLimit, concurrency, workers }: Setting): number {
  return concurrency === 1 ? connectionLimit : Math.max(connectionLimit, workers)
}

/** P1: no more connections than allowed, and in each thread one that stops a statement. */
export function bound(evidence: Evidence): Break[] {
  const { connections, setting } = evidence.history
  const limit = limitOf(setting)
  const stopping = setting.concurrency === 1 ? 1 : setting.workers
  const broken = (rule: string, detail: string): Break => ({ promise: 'P1', rule, detail })
  const { most, working } = connections
  return [
    ...(most > limit + stopping || working > limit
      ? [
          broken(
            'more connections than allowed',
            `${most} at once, ${working} of them at work, where the limit is ${limit}`,
          ),
        ]
      : []),
    ...(connections.left > 0
      ? [broken('sessions outlast their container', `${connections.left} are still there`)]
      : []),
  ]
}
