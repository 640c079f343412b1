import { createHash, randomUUID } from 'node:crypto'
import { constants } from 'node:fs'
import { cp, mkdir, rename, rm, stat } from 'node:fs/promises'
import { homedir } from 'node:os'
import { dirname, join, resolve } from 'node:path'

/**
 * A data directory as a server's installer makes it, before anybody's account or password is in it. It is kept in the user's cache
 * (`$XDG_CACHE_HOME`, else `~/.cache`), as the installer needs a second or more and a copy a tenth of that. A template that
 * cannot be read or kept is none: the installer then runs.
 */
export class DataTemplate {
  readonly #path: string

  private constructor(path: string) {
    this.#path = path
  }

  /**
   * @param programs whose files it depends on: an update makes another template
   * @param how else the data depends on
   */
  static async of(programs: readonly string[], how: readonly string[]): Promise<DataTemplate> {
    const files = await Promise.all(programs.map((path) => stat(path)))
    const versions = files.map(({ size, mtimeMs }, i) => [programs[i], size, mtimeMs])
    const key = createHash('sha256')
      .update(JSON.stringify([versions, how]))
      .digest('hex')
      .slice(0, 16)
    return new DataTemplate(join(cacheDirectory(), `data-${key}`))
  }

  /** @returns whether `directory` is now a copy of it; if not, there is no such directory */
  async copyTo(directory: string): Promise<boolean> {
    try {
      await cp(this.#path, directory, COPY)
      return true
    } catch {
      await rm(directory, { recursive: true, force: true })
      return false
    }
  }

  /** Keeps a copy, unless somebody has done so meanwhile. */
  async keep(directory: string): Promise<void> {
    const growing = `${this.#path}.${randomUUID()}`
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 })
      await cp(directory, growing, COPY)
      await rename(growing, this.#path) // whole or not at all
    } catch {
      await rm(growing, { recursive: true, force: true }).catch(() => {})
    }
  }
}

/** A copy that shares its blocks where the file system can do that. */
const COPY = { recursive: true, mode: constants.COPYFILE_FICLONE, errorOnExist: true, force: false }

function cacheDirectory(): string {
  return join(resolve(process.env.XDG_CACHE_HOME || join(homedir(), '.cache')), 'warmpool-local')
}
