import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, refuse } from './failure.ts'

/** What `"warmpool-local"` in the package.json of the working directory may say. */
export interface Settings {
  /** As `--setup`; only for a private database. */
  readonly setup?: string
}

/** @throws CommandError when package.json is no JSON, or says something else there */
export async function readSettings(directory: string): Promise<Settings> {
  const text = await readFile(join(directory, 'package.json'), 'utf8').catch(() => undefined)
  if (text === undefined) return {}
  const settings = parse(text)
  if (settings === undefined) return {}
  if (typeof settings !== 'object' || settings === null || Array.isArray(settings))
    return refuse(
      '"warmpool-local" in package.json must be an object, such as { "setup": "scripts/seed.ts" }.',
    )
  for (const [key, value] of Object.entries(settings)) {
    if (key !== 'setup')
      return refuse(`"warmpool-local" in package.json has the key '${key}', but knows only 'setup'.`)
    if (typeof value !== 'string')
      return refuse(
        `"warmpool-local".setup in package.json is ${JSON.stringify(value)}, but must be a file's name.`,
      )
  }
  return settings
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)?.['warmpool-local']
  } catch (error) {
    return refuse(`package.json is not JSON: ${messageOf(error)}.`)
  }
}
