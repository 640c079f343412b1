import { type FSWatcher, watch } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

/** Editors write a file in several steps. */
const SETTLED_AFTER = 100

/** Waits for files to change. Their directories are watched, as many editors put a new file in the old one's place. */
export class FileWatch implements AsyncDisposable {
  readonly #watchers = new Map<string, FSWatcher>()
  #files = new Set<string>()
  #changed = Promise.withResolvers<void>()

  /** The files to watch from now on. */
  set files(files: readonly string[]) {
    this.#files = new Set(
      files.filter((file) => !file.includes('/node_modules/')).map((file) => resolve(file)),
    )
    const directories = new Set([...this.#files].map((file) => dirname(file)))
    for (const [directory, watcher] of this.#watchers) {
      if (directories.has(directory)) continue
      watcher.close()
      this.#watchers.delete(directory)
    }
    for (const directory of directories) if (!this.#watchers.has(directory)) this.#watch(directory)
  }

  get count(): number {
    return this.#files.size
  }

  /** Resolves when one of them has changed since the last time, and a moment has passed. */
  async change(): Promise<void> {
    await this.#changed.promise
    await delay(SETTLED_AFTER)
    this.#changed = Promise.withResolvers()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.files = []
  }

  #watch(directory: string): void {
    const watcher = watch(directory, (_event, name) => {
      if (name === null || this.#files.has(resolve(directory, name))) this.#changed.resolve()
    })
    // A directory that went away tells of it by this, too.
    watcher.on('error', () => this.#changed.resolve())
    this.#watchers.set(directory, watcher)
  }
}
