import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Container, InvocationResult } from '../../local/src/lambda/container.ts'
import { startContainer } from '../../local/src/lambda/init.ts'
import type { RuntimeName } from '../../local/src/lambda/runtime.ts'
import type { Event } from '../handlers/handler.ts'
import type { Report } from '../handlers/reports.ts'
import { limitOf } from '../judge/bound.ts'
import type { ClientName, History, PlayedFault, PlayedInvocation } from '../judge/history.ts'
import { numbered } from '../script/number.ts'
import type { Fault, Invocation, Script, Step, TimedFault } from '../script/script.ts'
import { play as playFault } from './faults.ts'
import { takeLedger } from './ledger.ts'
import type { World } from './world.ts'

/** What is put into the container. */
export interface Cast {
  readonly client: ClientName
  /** The bundled handler. */
  readonly handler: string
  readonly runtime: RuntimeName
}

/** Milliseconds that are kept back from the deadline: wide, so that a busy machine is not taken for a call that waits. */
const MARGIN = 100

let invocations = 0

/** Plays a script from an empty container on, and tells what has happened when all is quiet again. */
export async function play(script: Script, cast: Cast, world: World): Promise<History> {
  const play = new Play(script, cast, world)
  try {
    for (const step of script.steps) await play.step(step)
  } finally {
    await play.stop()
  }
  return play.history()
}

class Play {
  readonly #script: Script
  readonly #cast: Cast
  readonly #world: World
  readonly #reports: string
  readonly #faults: PlayedFault[] = []
  readonly #played: PlayedInvocation[] = []
  #container: Container | undefined
  #output = ''

  constructor(script: Script, cast: Cast, world: World) {
    this.#script = script
    this.#cast = cast
    this.#world = world
    this.#reports = join(cast.handler, `../reports-${process.pid}-${invocations}-${Math.random()}`)
  }

  async step({ before, frozen, waits, lateBy, during, invocations }: Step): Promise<void> {
    const container = await this.#living()
    const over = Promise.withResolvers<void>()
    if (frozen) await container.freeze()
    const asleep = container.state === 'frozen' && before.length > 0
    const late = asleep && lateBy > 0
    if (late) this.#world.network.freeze()
    const first = async () => {
      for (const fault of before) await this.#fault(fault, Promise.resolve())
    }
    if (!asleep || !waits) await first()
    const beforeThaw = asleep && waits ? first : undefined
    const faults = during.filter(({ at }) => at === 0).map(({ fault }) => this.#fault(fault, over.promise, 1))
    const begun = invocations.map((one) => this.#invoke(container, one, during, beforeThaw))
    if (beforeThaw) await Promise.race(begun.map(({ woken }) => woken))
    if (late) faults.push(this.#lateNews(lateBy))
    faults.push(...during.filter(({ at }) => at > 0).map((one) => this.#timed(one, over.promise)))
    await Promise.all(begun.map(({ ended }) => ended))
    over.resolve()
    await Promise.all(faults)
  }

  async stop(): Promise<void> {
    await this.#container?.stop()
    this.#output += this.#container?.output ?? ''
  }

  async history(): Promise<History> {
    const { database, connections } = this.#world
    const left = await this.#world.alone()
    const text = await readFile(this.#reports, 'utf8').catch(() => '')
    await rm(this.#reports, { force: true })
    return {
      client: this.#cast.client,
      setting: this.#script.setting,
      schema: database.database,
      invocations: this.#played,
      faults: this.#faults,
      // A process that is killed may leave half a line.
      reports: text
        .split('\n')
        .slice(0, -1)
        .map((line) => JSON.parse(line) as Report),
      rows: await takeLedger(database),
      connections: { ...connections.take(limitOf(this.#script.setting)), left },
      output: this.#output,
      secrets: [database.password],
    }
  }

  async #living(): Promise<Container> {
    if (this.#container && this.#container.state !== 'stopped') return this.#container
    this.#output += this.#container?.output ?? ''
    const { connectionLimit, concurrency, workers } = this.#script.setting
    this.#container = await startContainer({
      handler: this.#cast.handler,
      runtime: this.#cast.runtime,
      ...(concurrency > 1 && { concurrency }),
      env: {
        DATABASE_URL: this.#world.url,
        CHAOS_REPORTS: this.#reports,
        CHAOS_LIMIT: String(connectionLimit),
        CHAOS_MARGIN: String(MARGIN),
        AWS_LAMBDA_NODEJS_WORKER_COUNT: String(workers),
        UV_THREADPOOL_SIZE: '8',
      },
    })
    return this.#container
  }

  /** @param beforeThaw is done when the invocation waits already, in a frozen container */
  #invoke(
    container: Container,
    invocation: Invocation,
    during: readonly TimedFault[],
    beforeThaw?: () => Promise<void>,
  ): { readonly woken: Promise<void>; readonly ended: Promise<void> } {
    const number = ++invocations
    const program = numbered(invocation.program, number)
    const { style, timeout } = invocation
    let began = Date.now()
    const jumps = during.flatMap(({ at, fault }) =>
      fault.kind === 'clock jump' ? [{ at, by: fault.by }] : [],
    )
    const event: Event = { invocation: number, style, program, deadline: began + timeout, jumps }
    const woken = Promise.withResolvers<void>()
    const wake = async () => {
      await beforeThaw?.()
      began = Date.now()
      woken.resolve()
    }
    const ended = container
      .invoke(event, { timeout, ...(beforeThaw && { beforeThaw: wake }) })
      .then((result) => {
        this.#played.push({ ...invocation, number, program, began, ended: Date.now(), result: shown(result) })
        woken.resolve()
      })
    return { woken: woken.promise, ended }
  }

  /** @param longer milliseconds by which it counts as longer: where it races with an invocation, they begin in the same one */
  async #fault(fault: Fault, over: Promise<unknown>, longer = 0): Promise<void> {
    const from = Date.now()
    const signal = (signal: 'SIGSTOP' | 'SIGCONT') => this.#signal(signal)
    await playFault(fault, { world: this.#world, over, signal })
    this.#faults.push({ fault, from, to: Date.now() + longer })
  }

  /** One whose time comes when all is over is left out. */
  async #timed({ at, fault }: TimedFault, over: Promise<unknown>): Promise<void> {
    const inTime = await Promise.race([sleep(at, true), over.then(() => false)])
    if (inTime) await this.#fault(fault, over, 1)
  }

  /** What the server has said to a frozen container comes when that is awake again. */
  async #lateNews(lateBy: number): Promise<void> {
    const from = Date.now()
    this.#world.network.thaw(lateBy)
    await sleep(lateBy + 1)
    await this.#world.delivered()
    this.#faults.push({ fault: { kind: 'late news' }, from, to: Date.now() })
  }

  #signal(signal: 'SIGSTOP' | 'SIGCONT'): void {
    try {
      if (this.#container) process.kill(-this.#container.pid, signal)
    } catch {
      // Its time was up meanwhile.
    }
  }
}

function shown(result: InvocationResult): PlayedInvocation['result'] {
  return result.ok ? { ok: true } : { ok: false, error: result.error }
}
