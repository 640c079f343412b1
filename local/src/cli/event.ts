import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { messageOf, refuse } from './failure.ts'

/**
 * The event of `--event`: a file, `-` for what comes on stdin, or JSON itself when it starts with `{` or `[`; `{}` without it.
 *
 * @param stdin read to its end when asked for
 * @throws CommandError when there is no such file, or it holds no JSON
 */
export async function readEvent(
  given: string | undefined,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<unknown> {
  if (given === undefined) return {}
  if (/^\s*[{[]/.test(given)) return parse('The event on the command line', given)
  if (given === '-') return parse('The event on stdin', await text(stdin))
  return parse(`The event file ${given}`, await contents(given))
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
