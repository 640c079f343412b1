import { functionArn, type InitializationType, lambdaEnvironment } from './environment.ts'
import { type ExtensionFile, locateExtension } from './extension-file.ts'
import type { GenerationPlan } from './generation.ts'
import { type HandlerLocation, locateHandler } from './handler-file.ts'
import type { ContainerOptions } from './options.ts'
import type { Output, OutputListener } from './output.ts'
import { chooseRuntime, type Runtime } from './runtime.ts'

/** How long INIT may take, in milliseconds: on demand, and else at least. */
const INIT_ON_DEMAND = 10_000
const INIT_AHEAD = 130_000

/** A container's options, checked and complete. */
export interface ContainerPlan {
  location: HandlerLocation
  runtime: Runtime
  timeout: number
  initTimeout: number
  initializationType: InitializationType
  /** How many invocations it takes at once where that is several; undefined in Lambda's ordinary mode. */
  concurrency: number | undefined
  memorySize: number
  extensions: readonly ExtensionFile[]
  env: Record<string, string>
  onOutput: OutputListener | undefined
  onPlatform: ((line: string) => void) | undefined
}

/**
 * @param options of which each by itself is right
 * @throws Error, in one sentence, for options that contradict each other, and for files that are not there
 */
export function planOf(options: ContainerOptions): ContainerPlan {
  const timeout = options.timeout ?? 3000
  const initializationType = typeOf(options)
  const limit = initializationType === 'on-demand' ? INIT_ON_DEMAND : Math.max(INIT_AHEAD, timeout)
  const extensions = (options.extensions ?? []).map(locateExtension)
  refuseTwins(extensions)
  return {
    location: locateHandler(options.handler, options.exportName ?? 'handler'),
    runtime: chooseRuntime(options.runtime ?? 'auto'),
    timeout,
    initTimeout: options.initTimeout ?? limit,
    initializationType,
    concurrency: options.concurrency,
    memorySize: options.memorySize ?? 1024,
    extensions,
    env: options.env ?? {},
    onOutput: options.onOutput,
    onPlatform: options.onPlatform,
  }
}

/** What the next generation of a container's processes is started from. */
export function generationPlan(plan: ContainerPlan, scratch: string, output: Output): GenerationPlan {
  return {
    entry: plan.runtime.entry,
    taskRoot: plan.location.taskRoot,
    env: environmentOf(plan, scratch),
    extensions: plan.extensions,
    managedInstances: plan.concurrency !== undefined,
    output,
  }
}

export function environmentOf(plan: ContainerPlan, scratch: string): Record<string, string> {
  return lambdaEnvironment({ ...plan, own: plan.env, scratch })
}

export function arnOf(plan: ContainerPlan): string {
  return functionArn(environmentOf(plan, ''))
}

function typeOf({ initializationType, concurrency }: ContainerOptions): InitializationType {
  const type = initializationType ?? (concurrency === undefined ? 'on-demand' : 'lambda-managed-instances')
  if ((type === 'lambda-managed-instances') === (concurrency !== undefined)) return type
  const rule = 'concurrency is for the initializationType lambda-managed-instances, and needed there'
  throw new Error(`initializationType is '${type}' and concurrency is ${concurrency}, but ${rule}.`)
}

function refuseTwins(extensions: readonly ExtensionFile[]): void {
  const names = extensions.map(({ name }) => name)
  const twin = names.find((name, place) => names.indexOf(name) < place)
  if (twin !== undefined)
    throw new Error(`Two extensions are called ${twin}: they register by their file's name.`)
}
