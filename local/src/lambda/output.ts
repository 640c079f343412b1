const KEPT = 256 * 1024

/** Called for each line the container prints. */
export type OutputListener = (line: string, stream: 'stdout' | 'stderr') => void

/** What a container's processes print, both streams, but no more than the last 256 to 512 KB. */
export class Output {
  text = ''
  readonly #listener: OutputListener | undefined

  constructor(listener: OutputListener | undefined) {
    this.#listener = listener
  }

  add(line: string, stream: 'stdout' | 'stderr'): void {
    this.text += `${line}\n`
    if (this.text.length > 2 * KEPT) this.text = this.text.slice(-KEPT)
    try {
      this.#listener?.(line, stream)
    } catch (error) {
      // The listener's own mistake, which must not become the container's.
      process.nextTick(() => {
        throw error
      })
    }
  }

  /** The line a crash is known by. */
  lastWords(): string | undefined {
    return this.text.split('\n').find((line) => /^\w*(Error|Warning)\b/.test(line))
  }
}
