import { randomBytes } from 'node:crypto'
import {
  closeSync,
  type FSWatcher,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  rmSync,
  watch,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'

const buffer = Buffer.allocUnsafe(64 * 1024)
/** How much there may be on disk before it is thrown away when nobody can write, in bytes. */
const KEPT = 16 * 1024 ** 2

/**
 * What a process prints to one stream, caught in a file that has no name any more. Node writes to files at once, while what a pipe
 * does not hold waits in the process, where a freeze keeps it and a crash loses it.
 */
export class PrintedFile {
  readonly #onLine: (line: string) => void
  readonly #decoder = new StringDecoder()
  readonly #watcher: FSWatcher | undefined
  #position = 0
  #unfinished = ''
  #open = true
  /** For the process to write to. */
  readonly fd: number

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine
    const path = join(tmpdir(), `warmpool-printed-${randomBytes(6).toString('hex')}`)
    // Appending, so that what is written after a truncation begins at the beginning.
    this.fd = openSync(path, 'ax+', 0o600)
    this.#watcher = watched(path, () => this.read())
    rmSync(path)
  }

  /** Passes on the lines that have been written until now. */
  read(): void {
    if (!this.#open) return
    const end = fstatSync(this.fd).size
    while (this.#position < end) {
      const count = readSync(this.fd, buffer, 0, buffer.length, this.#position)
      if (count === 0) return
      this.#position += count
      this.#split(this.#decoder.write(buffer.subarray(0, count)))
    }
  }

  /** Gives back the disk's space. Nobody may be able to write meanwhile. */
  reclaim(): void {
    this.read()
    if (!this.#open || this.#position < KEPT) return
    ftruncateSync(this.fd)
    this.#position = 0
  }

  /** Passes on what is left, a line without an end included. */
  end(): void {
    if (!this.#open) return
    this.read()
    this.#open = false
    this.#watcher?.close()
    closeSync(this.fd)
    if (this.#unfinished !== '') this.#onLine(this.#unfinished)
  }

  #split(text: string): void {
    const lines = text.split('\n')
    lines[0] = this.#unfinished + lines[0]
    this.#unfinished = lines.pop() ?? ''
    for (const line of lines) this.#onLine(line.replace(/\r$/, ''))
  }
}

/** Where there can be no more watchers, lines are read when an invocation ends. */
function watched(path: string, changed: () => void): FSWatcher | undefined {
  try {
    return watch(path, { persistent: false }, changed).on('error', () => {})
  } catch {
    return undefined
  }
}
