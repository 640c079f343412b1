import { join } from 'node:path'
import { afterAll, afterEach, beforeAll } from 'vitest'
import { GuardedDirectory } from '../../local/src/database/guarded-directory.ts'
import { bundle } from '../../local/src/function/bundle.ts'
import { type LocalLambda, localLambda } from '../../local/src/function/local-lambda.ts'
import type { LocalLambdaOptions } from '../../local/src/function/options.ts'

const repository = join(import.meta.dirname, '../..')

/**
 * Functions for one test file, ended after each test. Their handlers are bundled once; those of the shop import the built package.
 *
 * @param sources handlers by name: their TypeScript files, from the root of the repository
 */
export function functionsOf<Name extends string>(sources: Record<Name, string>) {
  const files = new Map<string, string>()
  const running: LocalLambda[] = []
  const directory = new GuardedDirectory()
  beforeAll(async () => {
    for (const [name, source] of Object.entries<string>(sources))
      files.set(name, (await bundle(join(repository, source), directory.path)).file)
  })
  afterEach(() => Promise.all(running.splice(0).map((lambda) => lambda[Symbol.asyncDispose]())))
  afterAll(() => directory.remove())
  return {
    async start(name: Name, options: Omit<LocalLambdaOptions, 'handler' | 'bundle'>): Promise<LocalLambda> {
      const lambda = await localLambda({ ...options, handler: files.get(name) as string, bundle: false })
      running.push(lambda)
      return lambda
    },
  }
}
