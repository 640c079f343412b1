import { setTimeout as delay } from 'node:timers/promises'
import { Container } from './container.ts'
import { ContainerProcess, type OutputListener } from './container-process.ts'
import { functionArn, lambdaEnvironment } from './environment.ts'
import { locateHandler } from './handler-file.ts'
import { positiveMs } from './milliseconds.ts'
import { chooseRuntime, type RuntimeName } from './runtime.ts'
import { RuntimeApi } from './runtime-api.ts'

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
  /** What calls the handler; default `auto`: AWS's own runtime client where it is installed, else the loop. */
  runtime?: RuntimeName | 'auto'
  /**
   * How many invocations it takes at once, as on Managed Instances: AWS's client then runs the handler in worker threads, as many
   * as AWS_LAMBDA_NODEJS_WORKER_COUNT in `env` (each occupies a thread of Node's pool: with 4 or more set UV_THREADPOOL_SIZE too),
   * and the loop in one thread. Without it one at a time.
   */
  concurrency?: number
  /** How long INIT may take; default 10000. */
  initTimeout?: number
  /** Called for each line printed; `container.output` has them too. */
  onOutput?: OutputListener
}

/**
 * Starts an execution environment: one real Node process that loads the handler under a Lambda runtime. Resolves when
 * INIT is done. It keeps this process alive until it is stopped, and is killed when this process ends in any other way.
 *
 * @throws if INIT fails, ends the process or takes too long, each in one sentence; if the handler file or the runtime
 * cannot be had.
 * @example
 * await using container = await startContainer({ handler: 'dist/get-order.mjs' })
 * const result = await container.invoke({ id: 1 })
 * await container.freeze()
 * await container.invoke({ id: 2 }) // thawed with the invocation already waiting
 */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  const location = locateHandler(options.handler, options.exportName ?? 'handler')
  const runtime = chooseRuntime(options.runtime ?? 'auto')
  const timeout = positiveMs('timeout', options.timeout ?? 3000)
  const initTimeout = positiveMs('initTimeout', options.initTimeout ?? 10_000)
  const { concurrency, onOutput } = options
  refuseNoWholeNumber(concurrency)
  const api = await RuntimeApi.listen(concurrency !== undefined)
  const started = performance.now()
  try {
    const env = lambdaEnvironment(location, api.address, options.env ?? {}, concurrency)
    const child = await ContainerProcess.start({
      entry: runtime.entry,
      cwd: location.taskRoot,
      env,
      onOutput,
    })
    const failure = await endOfInit(child, api, initTimeout)
    if (failure !== undefined) {
      await child.kill()
      throw new Error(`INIT of ${options.handler} ${failure}`)
    }
    const initMs = performance.now() - started
    return new Container(child, api, {
      runtime: runtime.name,
      initMs,
      timeout,
      functionArn: functionArn(env),
      concurrency,
    })
  } catch (error) {
    api.close()
    throw error
  }
}

function refuseNoWholeNumber(concurrency: number | undefined): void {
  if (concurrency === undefined || (Number.isInteger(concurrency) && concurrency > 0)) return
  throw new Error(`concurrency is ${concurrency}, but must be a whole number above 0.`)
}

/** Resolves when the runtime first calls Next, else with what came instead, as the end of a sentence. */
async function endOfInit(
  child: ContainerProcess,
  api: RuntimeApi,
  initTimeout: number,
): Promise<string | undefined> {
  const patience = new AbortController()
  const failure = await Promise.race([
    api.nextCalled.then(() => undefined),
    api.initError.then((error) => `failed with ${error.errorType}: ${error.errorMessage.split('\n')[0]}`),
    child.exited.then((how) => `ended the process with ${how}${lastWords(child.output)}`),
    delay(initTimeout, `took longer than ${initTimeout} ms`, { signal: patience.signal }),
  ])
  patience.abort()
  return failure
}

/** The line a crash is known by. */
function lastWords(output: string): string {
  const words = output.split('\n').find((line) => /^\w*(Error|Warning)\b/.test(line))
  return words ? `: ${words}` : ''
}
