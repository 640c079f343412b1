import type { Extension } from './api/extension.ts'
import { type Breakdown, errorTypeOf, messageOf } from './breakdown.ts'
import * as lines from './log-lines.ts'
import type { ContainerPlan } from './plan.ts'
import type { InvocationResult } from './result.ts'

/** Writes the platform's lines, where somebody wants them. */
export class PlatformLog {
  readonly #plan: ContainerPlan
  readonly #write: (line: string) => void

  constructor(plan: ContainerPlan) {
    this.#plan = plan
    const { onPlatform } = plan
    this.#write = (text) => {
      if (onPlatform) for (const line of text.split('\n')) onPlatform(line)
    }
  }

  initStart(): void {
    const [major = ''] = process.versions.node.split('.')
    this.#write(lines.initStart(major, this.#plan.runtime.name))
  }

  /** On demand only an INIT that failed is reported; what one that went well took stands in the first REPORT. */
  initEnd(
    phase: 'init' | 'invoke',
    durationMs: number,
    extensions: readonly Extension[],
    broken: Breakdown | undefined,
  ): void {
    for (const { name, state, events } of extensions) this.#write(lines.extensionLine(name, state, events))
    if (broken || this.#plan.initializationType !== 'on-demand')
      this.#write(lines.initReport(durationMs, phase, troubleOf(broken)))
  }

  start(requestId: string): void {
    this.#write(lines.start(requestId, '$LATEST'))
  }

  end(result: InvocationResult, broken: Breakdown | undefined): void {
    const { requestId } = result
    if (broken?.kind === 'late') this.#write(lines.timedOut(new Date(), requestId, messageOf(broken)))
    else if (broken && broken.kind !== 'reported')
      this.#write(lines.crashed(requestId, messageOf(broken), errorTypeOf(broken)))
    this.#write(lines.end(requestId))
    const { memorySize } = this.#plan
    this.#write(lines.report({ ...result, memorySizeMb: memorySize, trouble: troubleOf(broken) }))
  }
}

function troubleOf(broken: Breakdown | undefined): lines.Trouble | undefined {
  if (!broken) return undefined
  if (broken.kind === 'late') return { status: 'timeout' }
  return { status: 'error', errorType: errorTypeOf(broken) }
}
