/** What one of several threads may open, and what all of them may open together. */
export interface Share {
  readonly limit: number
  readonly containerLimit: number
}

/** Divides the bound. A thread without a connection could serve nothing, so it is never less than one for each. */
export function shareOf(connectionLimit: number, threads: number): Share {
  const limit = Math.max(1, Math.floor(connectionLimit / threads))
  return { limit, containerLimit: limit * threads }
}

/** What a person should know about a division that does not come out even; nothing where it does. */
export function unevenShare(connectionLimit: number, threads: number): string | undefined {
  const { limit, containerLimit } = shareOf(connectionLimit, threads)
  if (containerLimit === connectionLimit) return undefined
  return `connectionLimit ${connectionLimit} divided among ${threads} worker threads is ${limit} for each (never less than 1): this container opens up to ${containerLimit}`
}

/**
 * How many worker threads AWS's Node runtime starts: as many as are asked for, else 8 for each CPU of the container's quota.
 * This is its own arithmetic, odd cases included.
 *
 * @param asked the value of AWS_LAMBDA_NODEJS_WORKER_COUNT
 * @param cpuMax cgroup's `cpu.max`, quota and period; undefined where it cannot be read
 * @param cores of the machine
 */
export function workerCount(asked: string | undefined, cpuMax: string | undefined, cores: number): number {
  const workers = asked ? Number.parseInt(asked, 10) : 8 * cpus(cpuMax, cores)
  return Math.max(1, workers || 1)
}

function cpus(cpuMax: string | undefined, cores: number): number {
  const [quota = '', period = ''] = (cpuMax ?? '').trim().split(/\s+/)
  if (quota === 'max') return Math.max(1, cores)
  const share = Number.parseInt(quota, 10) / Number.parseInt(period, 10)
  return share > 0 && Number.isFinite(share) ? Math.ceil(share) : 1
}
