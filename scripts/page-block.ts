import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** What stands in a page of the repository between two marks of a name, such as `<!-- figures:begin -->` and `<!-- figures:end -->`. */
export async function readBlock(page: string, name: string): Promise<string> {
  const { text, from, to } = await find(page, name)
  return text.slice(from, to).trim()
}

/** Puts `block` there instead. */
export async function writeBlock(page: string, name: string, block: string): Promise<void> {
  const { text, from, to } = await find(page, name)
  await writeFile(pathOf(page), `${text.slice(0, from)}\n\n${block}\n\n${text.slice(to)}`)
}

/** @throws Error when the page has no such marks */
async function find(page: string, name: string) {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const text = await readFile(pathOf(page), 'utf8')
  const [from, to] = [text.indexOf(begin) + begin.length, text.indexOf(end)]
  if (from < begin.length || to < from) throw new Error(`${basename(page)} has no lines ${begin} and ${end}.`)
  return { text, from, to }
}

function pathOf(page: string): URL {
  return new URL(`../${page}`, import.meta.url)
}
