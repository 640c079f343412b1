import { execFileSync, spawnSync } from 'node:child_process'

/** What this process may run on; empty where processes cannot be held on a CPU. */
const allowed = allowedCpus()

/** Without pinning the same code takes 24 to 91 µs, depending on who runs where. */
export const canPin = allowed.length > 0

/** Client and server share this one, so that neither waits for the other to be woken on another. */
export const MEASURED = allowed[0] ?? ''
/** What helps, but is not measured, stays away from there if it can. */
export const ELSEWHERE = allowed.slice(1).join() || MEASURED

type Command = readonly [program: string, ...args: string[]]

/** The command that runs a command on these CPUs. */
export function onCpu(cpus: string, command: Command): Command {
  return canPin ? ['taskset', '-c', cpus, ...command] : command
}

/** Moves a process that runs already, with all its threads. */
export function moveToCpu(cpus: string, pid: number): void {
  if (canPin) execFileSync('taskset', ['-acp', cpus, String(pid)], { stdio: 'ignore' })
}

/** `taskset` tells them as `…: 0,2-5`. */
function allowedCpus(): string[] {
  const told = spawnSync('taskset', ['-cp', String(process.pid)], { encoding: 'utf8' })
  const list = told.stdout?.match(/: ([\d,-]+)/)?.[1] ?? ''
  return list.split(',').filter(Boolean).flatMap(expanded)
}

function expanded(range: string): string[] {
  const [first = 0, last = first] = range.split('-').map(Number)
  return Array.from({ length: last - first + 1 }, (_, offset) => String(first + offset))
}
