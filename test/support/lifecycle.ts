import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'
import type { Container } from '../../local/src/lambda/container.ts'
import { type ContainerOptions, openContainer, startContainer } from '../../local/src/lambda/init.ts'
import { processStates } from '../../local/src/lambda/process-state.ts'
import { EXTENSION } from './extension.ts'
import { HANDLER } from './lifecycle-handler.ts'

/** A container, and what it and the platform have printed so far. */
export interface Watched extends AsyncDisposable {
  container: Container
  printed: Printed
  platform: string[]
}

type Options = Partial<ContainerOptions> & { printed?: Printed }

/** Lines that come one by one. */
export class Printed {
  readonly lines: string[] = []
  readonly #waits = new Set<() => void>()

  add(line: string): void {
    this.lines.push(line)
    for (const look of this.#waits) look()
  }

  /** Resolves with the first line that matches, or already has. */
  async line(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.lines.map((line) => pattern.exec(line)).find(Boolean)
        if (found) resolve(found)
        return Boolean(found)
      }
      if (!look()) this.#waits.add(look)
    })
  }

  /** How many match. */
  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length
  }
}

/** Containers of one test file, with the handler of test/support/lifecycle-handler.ts and the extension of test/support/extension.ts. */
export function lifecycle() {
  const directory = mkdtempSync(join(tmpdir(), 'lifecycle-'))
  const handler = join(directory, 'handler.mjs')
  const extension = join(directory, 'observer.mjs')
  writeFileSync(handler, HANDLER)
  writeFileSync(extension, EXTENSION)
  afterAll(() => rmSync(directory, { recursive: true }))
  let gates = 0

  async function make(
    how: typeof startContainer,
    { printed = new Printed(), ...options }: Options,
  ): Promise<Watched> {
    const platform: string[] = []
    const onOutput = (line: string) => printed.add(line)
    const onPlatform = (line: string) => platform.push(line)
    const container = await how({ handler, timeout: 20_000, onOutput, onPlatform, ...options })
    return { container, printed, platform, [Symbol.asyncDispose]: () => container.stop() }
  }
  return {
    handler,
    extension,
    start: (options: Options = {}) => make(startContainer, options),
    open: (options: Options = {}) => make(openContainer, options),
    write(name: string, source: string): string {
      writeFileSync(join(directory, name), source)
      return join(directory, name)
    },
    /** A file that is not there until it is opened. */
    gate() {
      const file = join(directory, `gate-${gates++}`)
      return { file, open: () => writeFileSync(file, '') }
    },
  }
}

/** Dead, whether or not anyone has collected it. */
export const gone = (pid: number) => processStates(pid).every((state) => state === 'Z')

/** Whether it is still under way when everything that has happened has been heard of. */
export async function pending(promise: Promise<unknown>): Promise<boolean> {
  const still = Symbol('still')
  for (let i = 0; i < 20; i++) await new Promise((resolve) => setTimeout(resolve, 1))
  return (await Promise.race([promise, Promise.resolve(still)])) === still
}
