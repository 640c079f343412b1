import { randomUUID } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { reply } from './replies.ts'

/** The states of AWS's runtime interface emulator. */
export type ExtensionState = 'Started' | 'Registered' | 'Ready' | 'Running' | 'InitError' | 'ExitError'

/** From where each state can be come to. */
const FROM: Record<ExtensionState, readonly ExtensionState[]> = {
  Started: [],
  Registered: ['Started'],
  Ready: ['Registered', 'Running'],
  Running: ['Ready'],
  InitError: ['Registered', 'InitError'],
  ExitError: ['Registered', 'Ready', 'Running', 'ExitError'],
}

/** What Lambda tells extensions. */
export interface Event {
  eventType: 'INVOKE' | 'SHUTDOWN'
}

/** One extension: a process of its own (`external`), or a part of the runtime's. */
export class Extension {
  readonly id = randomUUID()
  readonly name: string
  readonly external: boolean
  events: readonly string[] = []
  #state: ExtensionState = 'Started'
  #next: ServerResponse | undefined
  /** What came while it was busy with the event before. */
  #pending: Event | undefined

  constructor(name: string, external: boolean) {
    this.name = name
    this.external = external
  }

  get state(): ExtensionState {
    return this.#state
  }

  /** Whether the state could be changed to this one, and was. */
  move(to: ExtensionState): boolean {
    if (!FROM[to].includes(this.#state)) return false
    this.#state = to
    return true
  }

  /** Keeps a Next call open until there is an event for it. */
  wait(next: ServerResponse): void {
    this.#next = next
    if (this.#pending) this.send(this.#pending)
  }

  /** Sends an event that it has asked for: to the Next call that waits, else to the one to come. */
  send(event: Event): void {
    if (!this.events.includes(event.eventType)) return
    const next = this.move('Running') ? this.#next : undefined
    this.#pending = next ? undefined : event
    this.#next = undefined
    if (next) reply(next, 200, event, { 'lambda-extension-identifier': this.id })
  }
}
