import { endOfSentence } from './breakdown.ts'
import { Container } from './container.ts'
import { type ContainerOptions, checkContainerOptions } from './options.ts'
import { planOf } from './plan.ts'

export type { ContainerOptions } from './options.ts'

/**
 * Starts an execution environment: real processes, first the extensions if there are any, then one of Node that loads the handler under
 * a Lambda runtime. Resolves when INIT is done. They keep this process alive until they are stopped, and are killed when this process
 * ends in any other way.
 *
 * @throws if INIT fails, ends the process or takes too long, each in one sentence; if an option is wrong, or the handler file or the
 * runtime cannot be had.
 * @example
 * await using container = await startContainer({ handler: 'dist/get-order.mjs' })
 * const result = await container.invoke({ id: 1 })
 * await container.freeze()
 * await container.invoke({ id: 2 }) // thawed with the invocation already waiting
 */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  checkContainerOptions('startContainer', options)
  const { container, failure } = await open(options)
  if (failure === undefined) return container
  await container.stop()
  throw new Error(failure)
}

/**
 * The same, but what becomes of an INIT that fails is what Lambda makes of it: on demand the container is cold then, and each
 * invocation tries INIT again and answers with its error. Where there is no invocation to try it with, with provisioned
 * concurrency and on Managed Instances, Lambda never uses such a container.
 *
 * @throws if INIT fails other than on demand; if an option is wrong, or the handler file or the runtime cannot be had.
 * @example
 * await using container = await openContainer({ handler: 'dist/broken.mjs' })
 * const result = await container.invoke() // { ok: false, error: { errorType: 'Runtime.ImportModuleError', … } }
 */
export async function openContainer(options: ContainerOptions): Promise<Container> {
  checkContainerOptions('openContainer', options)
  if (planOf(options).initializationType !== 'on-demand') return startContainer(options)
  return (await open(options)).container
}

async function open(
  options: ContainerOptions,
): Promise<{ container: Container; failure: string | undefined }> {
  const container = new Container(planOf(options))
  const broken = await container.init().catch(async (error: unknown) => {
    await container.stop()
    throw error
  })
  if (!broken) return { container, failure: undefined }
  return { container, failure: `INIT of ${options.handler} ${endOfSentence(broken, container.lastWords)}` }
}
