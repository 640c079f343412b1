import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const TSC = fileURLToPath(import.meta.resolve('typescript/package.json')).replace('package.json', 'bin/tsc')
const PROJECT = fileURLToPath(new URL('types/', import.meta.url))

/** What the compiler has to say about test/types, where `@ts-expect-error` makes an error out of a missing one. */
function compile(...options: string[]): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, [TSC, '-p', PROJECT, ...options], (_error, stdout, stderr) =>
      resolve(stdout + stderr),
    )
  })
}

test('the types hold under every strict check', async () => {
  expect(await compile()).toBe('')
})

test('the types hold under "strict" alone, as most projects have it', async () => {
  const lenient = ['exactOptionalPropertyTypes', 'noUncheckedIndexedAccess', 'noUnusedLocals']
  expect(await compile(...lenient.flatMap((check) => [`--${check}`, 'false']))).toBe('')
})
