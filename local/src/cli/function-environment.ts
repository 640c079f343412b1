import { readFile } from 'node:fs/promises'
import { parseEnv } from 'node:util'
import { refuse } from './failure.ts'
import { pairs } from './option-values.ts'

/**
 * The variables of `--env-from` and, over them, of `--env`.
 * @throws CommandError when the file cannot be read, or a pair is none
 */
export async function givenEnvironment(
  files: readonly string[],
  env: readonly string[],
): Promise<Record<string, string>> {
  const given: Record<string, string> = {}
  for (const file of files) Object.assign(given, parseEnv(await contents(file)))
  return Object.assign(given, pairs('--env', env))
}

async function contents(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    refuse(
      error.code === 'ENOENT'
        ? `There is no environment file ${file}.`
        : `The environment file ${file} cannot be read: ${error.message}.`,
    ),
  )
}
