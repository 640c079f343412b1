import type { ClientRequest, IncomingMessage } from 'node:http'
import { turn } from './clock.ts'
import { severalAtOnce, threadsHere } from './options/threads.ts'

/** Unique among the extensions of an environment. */
const NAME = 'warmpool'
/** How long INIT waits, milliseconds, with what has to be loaded. It may cost 50, of which waking up has its part. */
const PATIENCE = 40
/** A timer that is later than this was held up by something else that loads, milliseconds. */
const STOOD_STILL = 5
/** Lambda never answers a Next of ours, as we ask for no event. Whoever does is asked again, but not for ever. */
const NEXTS = 3
/** Of a refusal, for the log: characters. */
const SHOWN = 200

/** On `globalThis`, because a bundle can hold two copies of this package, and the name can be taken only once. */
const TAKEN = Symbol.for('warmpool.extension.1')
const global = globalThis as { [TAKEN]?: true }

/**
 * Registers an internal extension of Lambda's, for which the process is sent SIGTERM, and 500 ms later SIGKILL, where it would
 * otherwise be killed without a word. Outside Lambda it does nothing. Where it cannot, it says so in one line of the log.
 *
 * @param onTerm called at SIGTERM
 * @returns resolves, never rejects, when INIT may go on
 */
export async function becomeExtension(onTerm: () => void): Promise<void> {
  const api = process.env.AWS_LAMBDA_RUNTIME_API
  if (!api || !isFree()) return
  const until = performance.now() + PATIENCE
  const extension = new Extension(`http://${api}/2020-01-01/extension`, onTerm)
  const joined = extension.join().catch(refused)
  // A registration that is answered later still counts, and Lambda then waits for its Next.
  if (!(await settlesBy(until, joined))) tellLate()
  extension.letGo()
}

/**
 * While other modules are evaluated nothing can come. That is their time, so the wait begins again. A timer runs before what has
 * come already is looked at: so it has a turn.
 */
function settlesBy(until: number, awaited: Promise<void>): Promise<boolean> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout
    const wait = (due: number) => {
      const ring = () => {
        if (performance.now() - due > STOOD_STILL) wait(performance.now() + PATIENCE)
        else turn(() => resolve(false))
      }
      timer = setTimeout(ring, Math.max(1, due - performance.now()))
    }
    wait(until)
    void awaited.then(() => {
      clearTimeout(timer)
      resolve(true)
    })
  })
}

/** Whether this thread is one that may register, and the first to do so. */
function isFree(): boolean {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads')
  if (severalAtOnce() || !isMainThread) {
    if (threadsHere().first)
      tellVain('Lambda takes no extension from a worker thread, nor on Managed Instances')
    return false
  }
  if (global[TAKEN]) {
    tell('is here twice: another copy of it has registered already, and ends the pools of both')
    return false
  }
  global[TAKEN] = true
  return true
}

class Extension {
  readonly #base: string
  readonly #onTerm: () => void
  readonly #calls = new Set<ClientRequest>()
  #isHeld = true

  constructor(base: string, onTerm: () => void) {
    this.#base = base
    this.#onTerm = onTerm
  }

  /** Resolves when our Next is on its way: without one INIT would never end. */
  async join(): Promise<void> {
    const headers = { 'lambda-extension-name': NAME, 'content-type': 'application/json' }
    const response = await answerTo(this.#call('POST', 'register', headers, '{"events":[]}'))
    const id = response.headers['lambda-extension-identifier']
    if (response.statusCode !== 200 || typeof id !== 'string') throw await refusalIn(response)
    response.resume()
    process.on('SIGTERM', this.#onTerm)
    await new Promise<void>((sent) => void this.#stay(id, sent).catch(refused))
  }

  /** From now on none of its sockets keeps the process alive. */
  letGo(): void {
    this.#isHeld = false
    for (const { socket } of this.#calls) socket?.unref()
  }

  async #stay(id: string, sent: () => void): Promise<never> {
    for (let left = NEXTS; ; left--) {
      const next = this.#call('GET', 'event/next', { 'lambda-extension-identifier': id })
      next.on('finish', sent).on('close', sent)
      const response = await answerTo(next).catch((error: Error) => error)
      const failure = response instanceof Error ? response : await refusalIn(response)
      if (left === 1) throw failure
    }
  }

  /** Without a time limit: a Next lasts as long as the environment. */
  #call(method: string, path: string, headers: Record<string, string>, body?: string): ClientRequest {
    const { request } = process.getBuiltinModule('node:http')
    const call = request(`${this.#base}/${path}`, { method, headers, agent: false })
    this.#calls.add(call)
    call.on('close', () => this.#calls.delete(call))
    call.on('socket', (socket) => this.#isHeld || socket.unref())
    return call.end(body)
  }
}

function answerTo(call: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => call.on('response', resolve).on('error', reject))
}

/** In Lambda's own words where they can be read, as one line whatever they are. */
async function refusalIn(response: IncomingMessage): Promise<Error> {
  let words = ''
  for await (const chunk of response.setEncoding('utf8')) {
    words += chunk
    if (words.length > SHOWN) break
  }
  return new Error(
    `the Extensions API answered ${response.statusCode} ${JSON.stringify(words.slice(0, SHOWN))}`,
  )
}

function refused(error: Error): void {
  tellVain(error.message)
}

let told = false

function tell(message: string): void {
  if (!told) console.warn(`warmpool: warmpool/shutdown ${message}`)
  told = true
}

function tellVain(why: string): void {
  tell(`has no effect: ${why}. What the container leaves open the server closes after its wait_timeout`)
}

function tellLate(): void {
  tell(`has had no answer from the Extensions API within ${PATIENCE} ms: INIT goes on without one`)
}
