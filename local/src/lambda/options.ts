import {
  callback,
  checkOptions,
  type Kinds,
  milliseconds,
  oneOf,
  text,
  textByName,
  texts,
  wholeNumber,
} from '../option-check.ts'
import type { InitializationType } from './environment.ts'
import type { OutputListener } from './output.ts'
import type { RuntimeName } from './runtime.ts'

/** See `Container.invoke`; times in milliseconds. */
export interface InvokeOptions {
  timeout?: number | undefined
  beforeThaw?: (() => Promise<unknown>) | undefined
}

/** How to start a container; times in milliseconds. */
export interface ContainerOptions {
  /** The bundled handler: a .mjs, .js or .cjs file. */
  handler: string
  /** The handler's export; default `handler`. */
  exportName?: string
  /** The function's own environment variables; nothing but PATH comes from this process. */
  env?: Record<string, string>
  /** The function's timeout; default 3000. */
  timeout?: number
  /** The function's memory in MB, 128 to 10240; default 1024. It is told to the handler and in REPORT, and limits nothing here. */
  memorySize?: number
  /** What calls the handler; default `auto`: AWS's own runtime client where it is installed, else the loop. */
  runtime?: RuntimeName | 'auto'
  /** Why Lambda starts the container; default `on-demand`, with `concurrency` `lambda-managed-instances`. */
  initializationType?: InitializationType
  /**
   * How many invocations it takes at once, as on Managed Instances: AWS's client then runs the handler in worker threads, as many
   * as AWS_LAMBDA_NODEJS_WORKER_COUNT in `env` (each occupies a thread of Node's pool: with 4 or more set UV_THREADPOOL_SIZE too),
   * and the loop in one thread. Without it one at a time.
   */
  concurrency?: number
  /** External extensions, as layers bring them in /opt/extensions: programs, or scripts for Node, started before the runtime. */
  extensions?: readonly string[]
  /** How long INIT may take; default 10000 on demand, else 130000 or the function's timeout, whichever is longer. */
  initTimeout?: number
  /** Called for each line that a process prints; `container.output` has them too. */
  onOutput?: OutputListener
  /** Called for each line that Lambda itself would write to the log: INIT_START, START, END, REPORT and the like. */
  onPlatform?: (line: string) => void
}

const KINDS: Kinds<ContainerOptions> = {
  handler: text,
  exportName: text,
  env: textByName,
  timeout: milliseconds(),
  memorySize: wholeNumber(128, 10_240),
  runtime: oneOf('auto', 'ric', 'loop'),
  initializationType: oneOf('on-demand', 'provisioned-concurrency', 'lambda-managed-instances'),
  concurrency: wholeNumber(1),
  extensions: texts,
  initTimeout: milliseconds(),
  onOutput: callback,
  onPlatform: callback,
}

/** @throws Error naming what is wrong */
export function checkInvoke(options: InvokeOptions): void {
  checkOptions('invoke', options, { timeout: milliseconds(), beforeThaw: callback })
}

/** @throws Error, in one sentence, for the first option that there is not, or that is of the wrong kind */
export function checkContainerOptions(of: string, options: ContainerOptions): void {
  checkOptions(of, options, KINDS)
  if (options.handler === undefined) throw new Error(`${of}: handler is missing, the path of a bundle.`)
}
