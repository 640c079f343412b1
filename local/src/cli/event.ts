import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, refuse } from './failure.ts'

/**
 * The event of `--event`: a file, `-` for what comes on stdin, or JSON itself; `{}` without it.
 *
 * @param stdin read to its end when asked for
 * @throws CommandError when there is no such file, or it holds no JSON
 */
export async function readEvent(
  given: string | undefined,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<unknown> {
  if (given === undefined) return {}
  if (given === '-') return parse('The event on stdin', await text(stdin))
  const file = eventFile(given)
  if (file === undefined) return parse('The event on the command line', given)
  return parse(`The event file ${file}`, await contents(file))
}

/** The file that holds the event, if one does: what does not begin as JSON does, and is no number or word of it. */
export function eventFile(given: string | undefined): string | undefined {
  if (given === undefined || given === '-') return undefined
  return /^\s*([{["]|$|(-?\d+(\.\d+)?|true|false|null)\s*$)/.test(given) ? undefined : given
}

async function contents(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) =>
    refuse(
      error.code === 'ENOENT'
        ? `There is no event file ${file}.`
        : `The event file ${file} cannot be read: ${error.message}.`,
    ),
  )
}

function parse(what: string, json: string): unknown {
  if (json.trim() === '') return refuse(`${what} is empty, but must be JSON.`)
  try {
    return JSON.parse(json.replace(/^\uFEFF/, ''))
  } catch (error) {
    return refuse(`${what} is not JSON: ${messageOf(error)}.`)
  }
}
