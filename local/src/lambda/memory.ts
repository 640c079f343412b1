import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { descendantsOf } from './process-family.ts'

/**
 * The most memory a process and its living descendants have used at a time, in bytes: on Linux the sum of their VmHWM (memory
 * that they share counts for each), elsewhere what the process uses now; 0 when it is gone.
 */
export function peakMemory(pid: number): number {
  if (process.platform !== 'linux') return residentNow(pid)
  return [pid, ...descendantsOf(pid)].reduce((sum, one) => sum + ownPeak(one), 0)
}

function ownPeak(pid: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return 1024 * Number(kilobytes ?? 0)
  } catch {
    return 0
  }
}

function residentNow(pid: number): number {
  try {
    return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(pid)], { encoding: 'utf8' }))
  } catch {
    return 0
  }
}
