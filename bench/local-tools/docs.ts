import { readFileSync, writeFileSync } from 'node:fs'

const PAGE = new URL('../../docs/local-tools.md', import.meta.url)
const [BEGIN, END] = ['<!-- compared:begin -->', '<!-- compared:end -->']

/** What stands between the two marks of docs/local-tools.md. @throws Error when it has no such marks */
export function writtenTable(): string {
  const { page, from, to } = marked()
  return page.slice(from, to).trim()
}

export function writeTable(table: string): void {
  const { page, from, to } = marked()
  writeFileSync(PAGE, `${page.slice(0, from)}\n\n${table}\n\n${page.slice(to)}`)
}

function marked() {
  const page = readFileSync(PAGE, 'utf8')
  const [from, to] = [page.indexOf(BEGIN) + BEGIN.length, page.indexOf(END)]
  if (from < BEGIN.length || to < from)
    throw new Error(`docs/local-tools.md has no lines ${BEGIN} and ${END}.`)
  return { page, from, to }
}
