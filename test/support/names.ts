import dns from 'node:dns'
import { vi } from 'vitest'

type Answer = () => string | string[] | undefined

const system = dns.lookup as (...args: unknown[]) => void
const answers = new Map<string, Answer>()

/**
 * From now on, until mocks are restored, this is what the name stands for, asked anew each time; no answer comes where that is
 * undefined.
 */
export function resolve(name: string, answer: Answer): void {
  answers.set(name, answer)
  vi.spyOn(dns, 'lookup').mockImplementation(lookup as typeof dns.lookup)
}

function lookup(...args: [name: string, options: { all?: boolean }, found: (...found: unknown[]) => void]) {
  const [name, options, found] = args
  const answer = answers.get(name)
  if (!answer) return system(...args)
  const [first, ...others] = [answer() ?? []].flat()
  if (first === undefined) return
  const all = [first, ...others].map((address) => ({ address, family: 4 }))
  setImmediate(() => (options.all ? found(null, all) : found(null, first, 4)))
}
