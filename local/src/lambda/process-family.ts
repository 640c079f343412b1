import { readdirSync, readFileSync } from 'node:fs'

/** The living processes that one has started, with those that they have started; none where the kernel does not tell of them. */
export function descendantsOf(pid: number): number[] {
  const children = childrenOf(pid)
  return [...children, ...children.flatMap(descendantsOf)]
}

function childrenOf(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`)
    return threads.flatMap((thread) => childrenOfThread(`/proc/${pid}/task/${thread}/children`))
  } catch {
    return []
  }
}

/** The kernel may be built without this file, and the thread may be gone. */
function childrenOfThread(file: string): number[] {
  try {
    return readFileSync(file, 'utf8').split(' ').filter(Boolean).map(Number)
  } catch {
    return []
  }
}
