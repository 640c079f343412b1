import { workerCount } from '../policy/threads.ts'

/** The threads that share a container's connections. */
export interface Threads {
  readonly count: number
  /** The same in exactly one of them: whether it is the one that speaks where each has the same to say. */
  readonly first: boolean
}

const ALONE: Threads = { count: 1, first: true }

/** Whether Lambda gives a container several invocations at once, as it does on Managed Instances. */
export function severalAtOnce(env: NodeJS.ProcessEnv = process.env): boolean {
  return env.AWS_LAMBDA_MAX_CONCURRENCY !== undefined
}

/**
 * The threads that run the handler, which in that mode are workers of AWS's runtime. Everywhere else there is one: threads that
 * the user starts are the user's to count.
 */
export function threadsHere(env: NodeJS.ProcessEnv = process.env): Threads {
  if (!severalAtOnce(env)) return ALONE
  const { isMainThread, threadId } = process.getBuiltinModule('node:worker_threads')
  if (isMainThread) return ALONE // another runtime, without workers
  const cores = process.getBuiltinModule('node:os').cpus().length
  const count = workerCount(env.AWS_LAMBDA_NODEJS_WORKER_COUNT, cpuQuota(), cores)
  // The runtime starts its workers in one go, so their ids follow on each other, wherever they begin: one of n is divisible by n.
  return { count, first: threadId % count === 0 }
}

function cpuQuota(): string | undefined {
  try {
    return process.getBuiltinModule('node:fs').readFileSync('/sys/fs/cgroup/cpu.max', 'utf8')
  } catch {
    return undefined
  }
}
