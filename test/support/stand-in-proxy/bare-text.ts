/** What is no plain SQL: executable comments, comments, quoted text and names. */
const SPECIAL =
  /\/\*M?!|\/\*[\s\S]*?(?:\*\/|$)|--(?=\s|$)[^\n]*|#[^\n]*|'(?:[^'\\]|\\[\s\S]|'')*'|"(?:[^"\\]|\\[\s\S]|"")*"|`((?:[^`]|``)*)`/g

/** Stands for the beginning of an executable comment, which is left where it is: what follows is SQL. */
export const EXECUTABLE = '\u0001'

/** Each statement of a text in small letters, without comments and without what stands in quotes. */
export function bareStatements(sql: string): string[] {
  const bare = sql.replace(SPECIAL, (special, name?: string) => {
    if (/^\/\*M?!/.test(special)) return ` ${EXECUTABLE} `
    if (name !== undefined) return /^\w+$/.test(name) ? name : "''"
    return /^['"]/.test(special) ? "''" : ' '
  })
  return bare
    .toLowerCase()
    .split(';')
    .map((statement) => statement.trim().replace(/\s+/g, ' '))
    .filter(Boolean)
}
