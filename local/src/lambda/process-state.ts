import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'

/**
 * The scheduler's letters for a process (`R` running, `S` sleeping, `T` stopped, `Z` dead but not collected): one per
 * thread on Linux, one in all elsewhere, none when there is no such process.
 */
export function processStates(pid: number): string[] {
  try {
    if (process.platform === 'linux') return threadStates(pid)
    return [execFileSync('ps', ['-o', 'state=', '-p', String(pid)], { encoding: 'utf8' }).charAt(0)]
  } catch {
    return []
  }
}

function threadStates(pid: number): string[] {
  return readdirSync(`/proc/${pid}/task`).map((thread) => {
    const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')
    // The state follows the command's name, which stands in parentheses and may hold some itself.
    return stat.charAt(stat.lastIndexOf(')') + 2)
  })
}
