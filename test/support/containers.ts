import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { bundle } from '../../local/src/function/bundle.ts'
import type { Container } from '../../local/src/lambda/container.ts'
import { type ContainerOptions, startContainer } from '../../local/src/lambda/init.ts'
import type { RuntimeName } from '../../local/src/lambda/runtime.ts'

const repository = join(import.meta.dirname, '../..')

/**
 * Containers for one test file, stopped after each test. Handlers are bundled once, as a deploy does; those of the shop import
 * the built package.
 *
 * @param sources handlers by name: their TypeScript files, from the root of the repository
 */
export function containersOf<Name extends string>(sources: Record<Name, string>) {
  const files = new Map<string, string>()
  const running: Container[] = []
  let directory: string
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'warmpool-test-'))
    for (const [name, source] of Object.entries<string>(sources))
      files.set(name, (await bundle(join(repository, source), directory)).file)
  })
  afterEach(() => Promise.all(running.splice(0).map((container) => container.stop())))
  afterAll(() => rm(directory, { recursive: true }))
  return {
    async start(
      name: Name,
      runtime: RuntimeName,
      databaseUrl: string,
      options: Omit<ContainerOptions, 'handler' | 'runtime'> = {},
    ): Promise<Container> {
      const env = { DATABASE_URL: databaseUrl, ...options.env }
      const container = await startContainer({
        ...options,
        handler: files.get(name) as string,
        runtime,
        env,
      })
      running.push(container)
      return container
    },
  }
}
