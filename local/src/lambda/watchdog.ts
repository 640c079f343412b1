import { spawn } from 'node:child_process'
import type { Socket } from 'node:net'

/** A guard over one process group; see {@link watch}. */
export interface Watchdog {
  /** Calls the guard off, because the processes are gone. */
  release(): void
}

// `read` ends when the pipe does, which is when our own process ends. SIGKILL reaches stopped processes too.
const SCRIPT = 'read -r _; kill -9 "-$1"'

/**
 * Sees to it that a process group does not outlive this process, however this process ends: exit, crash, Ctrl-C or
 * `kill -9`. A small shell holds the other end of a pipe and kills the group when the pipe breaks.
 */
export function watch(group: number): Watchdog {
  const guard = spawn('/bin/sh', ['-c', SCRIPT, 'watchdog', String(group)], {
    // A group of its own: the Ctrl-C that ends us must not end the guard first.
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  const pipe = guard.stdin as Socket
  pipe.unref()
  return { release: () => void guard.kill('SIGKILL') }
}
