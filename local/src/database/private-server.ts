import type { ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ConnectionOptions } from 'mysql2/promise'
import { makeRoom } from './administrator.ts'
import { installCertificate } from './certificate.ts'
import type { Account, Engine } from './engine.ts'
import { GuardedDirectory } from './guarded-directory.ts'
import { socketOf } from './local-server.ts'
import { freePort } from './port.ts'
import type { Plan, Recipe } from './recipe.ts'

/** What a private server is asked to be. */
export interface ServerOptions {
  readonly database: string
  readonly args: readonly string[]
  readonly tls: boolean
}

const START_TIMEOUT = 60_000
const STOP_TIMEOUT = 10_000
const PORTS_TO_TRY = 5

class PortTaken extends Error {}

/** A server of our own, whatever its recipe: made, started, stopped and killed. */
export class PrivateServer implements Engine {
  readonly account: Account
  readonly administrator: ConnectionOptions
  readonly ca: string | undefined
  readonly #recipe: Recipe
  readonly #plan: Plan
  readonly #home: GuardedDirectory
  #args: readonly string[] = []
  #first = true
  #child: ChildProcess | undefined

  private constructor(
    recipe: Recipe,
    plan: Plan,
    home: GuardedDirectory,
    ca: string | undefined,
    port: number,
  ) {
    const { user, password, database } = plan
    this.account = { host: '127.0.0.1', port, user, password, database }
    this.administrator = recipe.administrator(plan, port)
    this.ca = ca
    this.#recipe = recipe
    this.#plan = plan
    this.#home = home
  }

  /** Makes a server and starts it. @throws Error in the server's own words when it will not run */
  static async create(recipe: Recipe, { args, database, tls }: ServerOptions): Promise<PrivateServer> {
    const home = new GuardedDirectory(recipe.cleanUp)
    const secrets = { password: secret(), rootPassword: secret() }
    const plan: Plan = { directory: home.path, database, user: 'warmpool', ...secrets, tls }
    try {
      const certificate = tls ? installCertificate(join(home.path, 'tls')) : undefined
      const [ca] = await Promise.all([certificate, initialise(recipe, plan, home)])
      return await startOnFreePort((port) => new PrivateServer(recipe, plan, home, ca, port), args)
    } catch (error) {
      await home.remove()
      throw error
    }
  }

  get url(): string {
    const { host, port, user, password, database } = this.account
    return `mysql://${user}:${password}@${host}:${port}/${encodeURIComponent(database)}`
  }

  get directory(): string {
    return this.#home.path
  }

  get socketPath(): string | undefined {
    return this.#recipe.onThisMachine ? socketOf(this.#plan) : undefined
  }

  get pid(): number | undefined {
    return this.#recipe.onThisMachine ? this.#child?.pid : undefined
  }

  async start(args: readonly string[] = this.#args): Promise<void> {
    if (this.#child) throw new Error('The database is running already: stop() or kill() it first.')
    this.#args = args
    const [program, ...ours] = this.#recipe.start(this.#plan, this.account.port, this.#first)
    const child = this.#home.launch(program, [...ours, ...args])
    this.#child = child
    child.once('exit', () => {
      this.#child = undefined
    })
    await this.#ready(child)
    this.#first = false
    child.unref()
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === undefined) return
    const impatience = setTimeout(() => this.#recipe.signal(child, 'SIGKILL'), STOP_TIMEOUT)
    await this.#end(child, 'SIGTERM')
    clearTimeout(impatience)
  }

  async kill(): Promise<void> {
    if (this.#child !== undefined) await this.#end(this.#child, 'SIGKILL')
  }

  async remove(): Promise<void> {
    await this.kill()
    await this.#home.remove()
  }

  async #ready(child: ChildProcess): Promise<void> {
    const deadline = Date.now() + START_TIMEOUT
    while (isRunning(child) && Date.now() < deadline) {
      if (await makeRoom(this.administrator)) return
      await sleep(10)
    }
    if (isRunning(child)) await this.#end(child, 'SIGKILL')
    if (/address already in use|port is already allocated/i.test(this.#home.log)) {
      throw new PortTaken(
        `The database did not start: somebody took port ${this.account.port} while it was down.`,
      )
    }
    throw new Error(`${this.#recipe.name} did not start: ${complaint(this.#home.log)}`)
  }

  async #end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    child.ref()
    const exited = once(child, 'exit')
    this.#recipe.signal(child, signal)
    await exited
  }
}

/** Tries again when somebody takes the port between our look and the server's. */
async function startOnFreePort(
  makeServer: (port: number) => PrivateServer,
  args: readonly string[],
): Promise<PrivateServer> {
  for (let attempt = 1; ; attempt++) {
    const server = makeServer(await freePort())
    try {
      await server.start(args)
      return server
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === PORTS_TO_TRY) throw error
    }
  }
}

async function initialise(recipe: Recipe, plan: Plan, home: GuardedDirectory): Promise<void> {
  const installation = await recipe.prepare(plan)
  if (installation === undefined) return
  const { command, data, template } = installation
  if (await template?.copyTo(data)) return
  const [program, ...args] = command
  const child = home.launch(program, args)
  await once(child, 'exit')
  if (child.exitCode !== 0) throw new Error(`${program} failed: ${complaint(home.log)}`)
  await template?.keep(data)
}

/** The server's own words for what went wrong, without the time and level that its lines start with. */
function complaint(log: string): string {
  const lines = log.split('\n').filter((line) => line.trim() !== '')
  const errors = lines.filter((line) => line.includes('[ERROR]') && !line.endsWith('Aborting'))
  const telling = errors.length > 0 ? errors.slice(0, 2) : lines.slice(-2)
  return telling.map((line) => line.replace(/^.*\[ERROR\] */, '')).join('; ') || 'it printed nothing.'
}

function isRunning(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null
}

function secret(): string {
  return randomBytes(18).toString('base64url')
}
