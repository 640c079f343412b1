import type { IncomingMessage, ServerResponse } from 'node:http'
import { text } from 'node:stream/consumers'
import { type Event, Extension } from './extension.ts'
import { parsePayload } from './payload.ts'
import { accept, refuse, reply, wrongTime } from './replies.ts'

const BASE = '/2020-01-01/extension'
/** By AWS's quota; the emulator has it as MaxAgentsAllowed. */
const MOST = 10
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i

/** What an extension learns of the function when it registers. */
export interface RegisteredFunction {
  functionName: string
  functionVersion: string
  handler: string
}

/** Whose extensions these are. */
export interface ExtensionRules {
  about: RegisteredFunction
  /** The names of those that are started as processes. */
  external: readonly string[]
  /** On Managed Instances none is told of invocations, and internal ones of nothing. */
  managedInstances: boolean
}

/**
 * The Extensions API. The words of its errors are those of AWS's runtime interface emulator.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-extensions-api.html
 */
export class ExtensionEndpoints {
  readonly #rules: ExtensionRules
  readonly #extensions: Extension[]
  readonly #waits = new Set<{ until: () => boolean; go: () => void }>()
  #open = true
  /** What an extension said was wrong with it, in Lambda's terms; the first counts. */
  fatalError: 'Extension.InitError' | 'Extension.ExitError' | undefined

  constructor(rules: ExtensionRules) {
    this.#rules = rules
    this.#extensions = rules.external.map((name) => new Extension(name, true))
  }

  get all(): readonly Extension[] {
    return this.#extensions
  }

  /** Resolves when those that are processes have registered. */
  registered(): Promise<void> {
    return this.#when(() => this.#extensions.every(({ state }) => state !== 'Started'))
  }

  /** Resolves when all have called Next: at the end of INIT, and again after each invocation. */
  waiting(): Promise<void> {
    return this.#when(() => this.#extensions.every(({ state }) => state === 'Ready'))
  }

  /** No more are taken: the runtime has called Next. */
  close(): void {
    this.#open = false
  }

  /** Tells an event to those that asked for it. */
  tell(event: Event): void {
    for (const extension of this.#extensions) extension.send(event)
  }

  /** Whether the call was one of this API. */
  async handle(route: string, request: IncomingMessage, response: ServerResponse): Promise<boolean> {
    if (!route.includes(` ${BASE}/`)) return false
    const body = await text(request)
    if (route === `POST ${BASE}/register`) this.#register(request, body, response)
    else if (route === `GET ${BASE}/event/next`) this.#next(request, response)
    else if (route === `POST ${BASE}/init/error`) this.#fail('InitError', request, response)
    else if (route === `POST ${BASE}/exit/error`) this.#fail('ExitError', request, response)
    else return false
    for (const wait of this.#waits) if (wait.until()) wait.go()
    return true
  }

  #register(request: IncomingMessage, body: string, response: ServerResponse): void {
    const refused = (type: string, message: string) => refuse(response, 403, type, message)
    const name = String(request.headers['lambda-extension-name'] ?? '')
    if (name === '') return refused('Extension.InvalidExtensionName', 'Empty extension name')
    const asked = parsePayload(body)
    if (typeof asked !== 'object' || asked === null || Array.isArray(asked))
      return refused('InvalidRequestFormat', 'The body is not a JSON object')
    const events = (asked as { events?: unknown }).events ?? []
    if (!Array.isArray(events) || events.some((event) => typeof event !== 'string'))
      return refused('InvalidRequestFormat', 'events is not an array of strings')
    const known = this.#extensions.find((extension) => extension.name === name)
    const wrongEvent = this.#wrongEvent(events, known?.external === true)
    if (wrongEvent !== undefined) return refused('Extension.InvalidEventType', wrongEvent)
    if (!known?.external && !this.#open)
      return refused('Extension.RegistrationClosed', 'Extension registration closed already')
    if (!known && this.#extensions.length >= MOST)
      return refused('Extension.TooManyExtensions', `Extension limit (${MOST}) reached`)
    if (known && !known.external)
      return refused('Extension.InvalidExtensionState', 'Extension with this name already registered')
    const extension = known ?? new Extension(name, false)
    const { state } = extension
    if (!extension.move('Registered'))
      return refused('Extension.InvalidExtensionState', wrongTime(state, 'Registered', `extension ${name}`))
    if (!known) this.#extensions.push(extension)
    extension.events = events
    reply(response, 200, this.#about(request), { 'lambda-extension-identifier': extension.id })
  }

  /** What is wrong with the first event that the extension cannot have. */
  #wrongEvent(events: string[], external: boolean): string | undefined {
    const { managedInstances } = this.#rules
    if (managedInstances && !external && events.length > 0) return 'No events allowed for internal extensions'
    const allowed = managedInstances ? ['SHUTDOWN'] : ['INVOKE', ...(external ? ['SHUTDOWN'] : [])]
    const wrong = events.find((event) => !allowed.includes(event))
    if (wrong === undefined) return undefined
    const why =
      wrong === 'SHUTDOWN' ? 'ShutdownEventNotSupportedForInternalExtension' : 'ErrorInvalidEventType'
    return `${wrong}: ${why}`
  }

  #about(request: IncomingMessage): object {
    const features = String(request.headers['lambda-extension-accept-feature'] ?? '').split(/\s*,\s*/)
    return { ...this.#rules.about, ...(features.includes('accountId') && { accountId: '123456789012' }) }
  }

  #next(request: IncomingMessage, response: ServerResponse): void {
    const extension = this.#identified(request, response)
    if (!extension) return
    const { state } = extension
    if (extension.move('Ready')) return extension.wait(response)
    refuse(
      response,
      403,
      'Extension.InvalidExtensionState',
      wrongTime(state, 'Ready', `extension ${extension.id}`),
    )
  }

  #fail(kind: 'InitError' | 'ExitError', request: IncomingMessage, response: ServerResponse): void {
    const extension = this.#identified(request, response)
    if (!extension) return
    const header = 'Lambda-Extension-Function-Error-Type'
    if (!request.headers[header.toLowerCase()])
      return refuse(response, 403, 'Extension.MissingHeader', `${header} not found`)
    const { state } = extension
    if (!extension.move(kind)) {
      const message = wrongTime(state, kind, `extension ${extension.id}`)
      return refuse(response, 403, 'Extension.InvalidExtensionState', message)
    }
    this.fatalError ??= `Extension.${kind}`
    accept(response)
  }

  #identified(request: IncomingMessage, response: ServerResponse): Extension | undefined {
    const header = 'Lambda-Extension-Identifier'
    const id = String(request.headers[header.toLowerCase()] ?? '')
    const extension = this.#extensions.find((one) => one.id === id && one.state !== 'Started')
    if (extension) return extension
    if (id === '') refuse(response, 403, 'Extension.MissingExtensionIdentifier', `Missing ${header} header`)
    else if (!UUID.test(id))
      refuse(response, 403, 'Extension.InvalidExtensionIdentifier', `Invalid ${header}`)
    else refuse(response, 403, 'Extension.UnknownExtensionIdentifier', `Unknown extension ${id}`)
    return undefined
  }

  #when(until: () => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    if (until()) resolve()
    else {
      const wait = { until, go: () => this.#waits.delete(wait) && resolve() }
      this.#waits.add(wait)
    }
    return promise
  }
}
