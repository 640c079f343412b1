import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * The most memory a process and its living descendants have used at a time, in bytes: on Linux the sum of their VmHWM (memory
 * that they share counts for each), elsewhere what the process uses now; 0 when it is gone.
 */
export function peakMemory(pid: number): number {
  try {
    if (process.platform === 'linux') return treePeak(pid)
    return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }))
  } catch {
    return 0
  }
}

function treePeak(pid: number): number {
  const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
  const own = 1024 * Number(kilobytes ?? 0)
  return childrenOf(pid).reduce((sum, child) => sum + peakMemory(child), own)
}

function childrenOf(pid: number): number[] {
  const threads = readdirSync(`/proc/${pid}/task`)
  return threads.flatMap((thread) => childrenOfThread(`/proc/${pid}/task/${thread}/children`))
}

/** The kernel may be built without this file, and the thread may be gone. */
function childrenOfThread(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
