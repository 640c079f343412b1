/**
 * - `starting`: in its INIT phase
 * - `ready`: runtime and extensions wait in Next
 * - `busy`: an invocation is under way; where it takes several at once, at least one
 * - `frozen`: every thread of every process is stopped
 * - `cold`: the processes are gone, after a timeout, a crash or an INIT that failed; the next invocation starts new ones
 * - `stopped`: for good
 */
export type ContainerState = 'starting' | 'ready' | 'busy' | 'frozen' | 'cold' | 'stopped'

/** To where each state may go. */
const TO: Record<ContainerState, readonly ContainerState[]> = {
  starting: ['ready', 'cold', 'stopped'],
  ready: ['busy', 'frozen', 'cold', 'stopped'],
  busy: ['busy', 'ready', 'cold', 'stopped'],
  frozen: ['ready', 'busy', 'cold', 'stopped'],
  cold: ['busy', 'stopped'],
  stopped: [],
}

/** The state of one container, and the only place where it changes. */
export class StateOfContainer {
  #now: ContainerState = 'starting'

  get now(): ContainerState {
    return this.#now
  }

  /** @throws if there is no way from here to there, which is a mistake of ours. */
  move(to: ContainerState): void {
    if (!TO[this.#now].includes(to)) throw new Error(`A container cannot go from ${this.#now} to ${to}.`)
    this.#now = to
  }

  /** @throws if the container is stopped. */
  refuseStopped(): void {
    if (this.#now === 'stopped') throw new Error('The container has stopped: start another.')
  }
}
