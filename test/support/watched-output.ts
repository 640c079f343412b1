import childProcess, { ChildProcess } from 'node:child_process'
import { syncBuiltinESMExports } from 'node:module'
import type { Readable } from 'node:stream'
import { noteEmission } from './emissions.ts'

type Call = (...args: unknown[]) => unknown

/** Has all that is said on the console noted, also where a test has put something of its own in the place of a method. */
export function watchConsole(): void {
  const noting = new WeakMap<Call, Call>()
  globalThis.console = new Proxy(globalThis.console, {
    get(target, name) {
      const method = Reflect.get(target, name)
      if (typeof method !== 'function') return method
      const known = noting.get(method) ?? noted(method, `console.${String(name)}`)
      noting.set(method, known)
      return known
    },
  })
}

function noted(method: Call, from: string): Call {
  return new Proxy(method, {
    apply(target, self, args) {
      noteEmission(from, args)
      return Reflect.apply(target, self, args)
    },
  })
}

export function watchProcess(): void {
  for (const event of ['warning', 'uncaughtExceptionMonitor'] as const)
    process.on(event, (what: unknown) => noteEmission(`the process's ${event}`, what))
}

/** Has noted what the programs print that a test starts, by whichever function, and reads. */
export function watchChildren(): void {
  watchSpawn()
  for (const name of ['spawnSync', 'execFileSync', 'execSync'] as const) {
    const start = childProcess[name] as Call
    Object.assign(childProcess, {
      [name]: (...args: unknown[]) => {
        try {
          const result = start(...args)
          noteOutput(args[0], result)
          return result
        } catch (error) {
          noteOutput(args[0], error)
          throw error
        }
      },
    })
  }
  syncBuiltinESMExports()
}

/** Of `spawn`, `execFile`, `exec` and `fork`. A listener of ours would take what comes before the test's own is there. */
function watchSpawn(): void {
  const prototype = ChildProcess.prototype as unknown as { spawn: Call }
  const { spawn } = prototype
  prototype.spawn = function (this: ChildProcess, ...args) {
    const result = Reflect.apply(spawn, this, args)
    for (const stream of [this.stdout, this.stderr]) if (stream) noteWhole(stream, this.spawnfile)
    return result
  }
}

/** A secret may lie across two chunks, so they are noted as one thing that grows. */
function noteWhole(stream: Readable, program: string): void {
  const chunks: unknown[] = []
  const whole = { toString: () => chunks.join('') }
  noteEmission(`output of ${program}`, whole)
  const { push } = stream
  stream.push = (chunk, encoding) => {
    if (chunk !== null) chunks.push(chunk)
    return push.call(stream, chunk, encoding)
  }
}

function noteOutput(program: unknown, result: unknown): void {
  const { stdout, stderr } = Object(result) as { stdout?: unknown; stderr?: unknown }
  const said = stdout === undefined && stderr === undefined ? [result] : [stdout, stderr]
  noteEmission(`output of ${program}`, said.map(String).join('\n'))
}
