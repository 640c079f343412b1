import { readFile, writeFile } from 'node:fs/promises'

const README = new URL('../README.md', import.meta.url)

/** Writes `text` between the README's two marks of this name, such as `<!-- figures:begin -->` and `<!-- figures:end -->`. */
export async function writeBlock(name: string, text: string): Promise<void> {
  const [begin, end] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`]
  const readme = await readFile(README, 'utf8')
  const [from, to] = [readme.indexOf(begin) + begin.length, readme.indexOf(end)]
  if (from < begin.length || to < from) throw new Error(`README.md has no lines ${begin} and ${end}.`)
  await writeFile(README, `${readme.slice(0, from)}\n\n${text}\n\n${readme.slice(to)}`)
}
