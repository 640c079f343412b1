import type { Database } from '../../local/src/database/database.ts'
import type { Asked } from './service/probe.ts'

export type ToolName = 'osls invoke local' | 'serverless-offline' | 'warmpool-local'

/** The handlers of `service/`. */
export type FunctionName = 'probe' | 'broken' | 'streamed' | 'extension' | 'pooled' | 'shop' | 'python'

/** The configurations of `service/`. */
export type Config = 'serverless' | 'plain' | 'artifact' | 'others'

/** What became of an invocation. */
export interface Told {
  readonly ok: boolean
  readonly response?: unknown
  /** Why not, in the tool's words. */
  readonly message?: string | undefined
}

/** What there is to ask with. */
export interface Bed {
  readonly database: Database
  /** The handler of `probe`, packaged for a deploy: the module, and the zip with it. */
  readonly artifact: { readonly module: string; readonly zip: string }
  /** For whatever handlers write. */
  readonly directory: string
  /** Variables of the developer's shell, not of any function. */
  readonly shell: Readonly<Record<string, string>>
}

export interface Open {
  /** Default `serverless`. */
  readonly config?: Config
  /** Several invocations at once in one process, as on Managed Instances: so many. */
  readonly concurrency?: number
}

/** One function, run by a tool in its way. */
export interface Running extends AsyncDisposable {
  invoke(event: Asked | object): Promise<Told>
  /** Lets a while pass as the tool does, with `act` in it. */
  between(act?: () => Promise<unknown>): Promise<unknown>
  /** Ends it as its user does. */
  end(): Promise<unknown>
  /** What was printed by whomever. */
  readonly log: string
}

/** An HTTP front of the functions of a configuration. */
export interface Served extends AsyncDisposable {
  readonly url: string
  readonly webSocketUrl: string
  /** Where an AWS client would invoke a function. */
  invokeUrl(name: FunctionName): string
}

export interface Tool {
  readonly name: ToolName
  open(name: FunctionName, options?: Open): Promise<Running>
  /** The shop's handler, with no word about a database. */
  withoutDatabase(event: object): Promise<Told>
  /** @returns undefined where it has none */
  serve(config: Config): Promise<Served | undefined>
}

/** Where one container takes several invocations: its worker threads, of which the probe cannot tell one from the next. */
export const ONE_WORKER = { AWS_LAMBDA_NODEJS_WORKER_COUNT: '1' }

/** What Lambda tells a function on Managed Instances, for a tool that does not do so itself. */
export function toldOfSeveral(concurrency: number | undefined): Record<string, string> {
  return concurrency ? { ...ONE_WORKER, AWS_LAMBDA_MAX_CONCURRENCY: String(concurrency) } : {}
}

/** How long a while is, milliseconds. */
export const WHILE = 300
