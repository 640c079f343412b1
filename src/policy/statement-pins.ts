import type { Pin } from './pins.ts'
import { pinOfSetting } from './setting-pins.ts'
import { isName, opens } from './tokens.ts'

/** By what the first of these statements that pins does so. */
export function pinOfStatements(tokens: readonly string[]): Pin | undefined {
  let start = 0
  for (let at = 0; at <= tokens.length; at++) {
    if (at < tokens.length && tokens[at] !== ';') continue
    const statement = tokens.slice(start, at)
    start = at + 1
    const kind = definitionIn(statement)
    if (kind < 0) {
      const pin = pinOfStatement(statement)
      if (pin) return pin
    } else if (isBlock(statement, kind)) break
  }
  return undefined
}

/** What is in a routine is not run now, and RDS Proxy does not look into one when it is. */
const KEPT = /^(PROCEDURE|FUNCTION|TRIGGER|EVENT|VIEW|PACKAGE)$/
const OTHER_KIND = /^(TABLE|SEQUENCE|INDEX|DATABASE|SCHEMA|USER|ROLE|SERVER|TABLESPACE)$/
/** Begins what has semicolons of its own. */
const BLOCK = /^(BEGIN|CASE|FOR|IF|LOOP|REPEAT|WHILE)$/
/** Begins a statement in a routine, and is in none of what stands before the first, where that is. */
const STATEMENT =
  /^(ALTER|BEGIN|CALL|CASE|CREATE|DELETE|DO|DROP|EXECUTE|FOR|GET|IF|INSERT|LOOP|PREPARE|REPEAT|REPLACE|RESIGNAL|RETURN|SELECT|SET|SIGNAL|TRUNCATE|UPDATE|WHILE|WITH)$/

/** Where it says that it defines a routine or a view; -1 where it does not. */
function definitionIn(tokens: readonly string[]): number {
  if (tokens[0] !== 'CREATE' && tokens[0] !== 'ALTER') return -1
  // A DEFINER can have any name.
  const is = (kind: RegExp) => (token: string, at: number) =>
    kind.test(token) && !/[=@]/.test(tokens[at - 1] ?? '')
  const at = tokens.findIndex(is(KEPT))
  const other = tokens.findIndex(is(OTHER_KIND))
  return other >= 0 && other < at ? -1 : at
}

/** Whether what is defined has semicolons of its own: its first statement is one that has. */
function isBlock(tokens: readonly string[], kind: number): boolean {
  if (tokens[kind] === 'VIEW') return false
  if (tokens[kind] === 'PACKAGE') return true
  let depth = 0
  const head = headEnd(tokens, kind)
  const first = tokens.findIndex((token, at) => {
    if (opens(token)) depth++
    if (token === ')') depth--
    const inType = token === 'SET' && /^CHAR(ACTER)?$/.test(tokens[at - 1] as string)
    return at >= head && depth === 0 && STATEMENT.test(token) && !inType
  })
  return BLOCK.test(tokens[first] ?? '')
}

/** Where the words are over that are no statements though they look so: BEFORE UPDATE, ON SCHEDULE … DO, IF NOT EXISTS. */
function headEnd(tokens: readonly string[], kind: number): number {
  const last = { TRIGGER: /^ROW$/, EVENT: /^DO$/ }[tokens[kind] as string] ?? /^( ?\(|AS|IS)$/
  return tokens.findIndex((token, at) => at > kind && last.test(token)) + 1 || kind + 1
}

function pinOfStatement(statement: readonly string[]): Pin | undefined {
  const tokens = statement.slice(statement.findIndex((token) => !opens(token)))
  const [first, next] = tokens
  switch (first) {
    case 'PREPARE':
    case 'EXECUTE':
    case 'DEALLOCATE':
      return 'prepared'
    case 'DROP':
      return next === 'PREPARE' ? 'prepared' : undefined
    case 'LOCK':
      return next === 'TABLE' || next === 'TABLES' ? 'lockedTables' : undefined
    case 'FLUSH':
      return /\bTABLES?\b.*\b(READ LOCK|FOR EXPORT)\b/.test(tokens.join(' ')) ? 'lockedTables' : undefined
    case 'CREATE':
      return /^CREATE (OR REPLACE )?TEMPORARY /.test(tokens.slice(0, 5).join(' '))
        ? 'temporaryTable'
        : pinOfExpression(tokens)
    case 'SET':
      return pinOfSetting(tokens) ?? pinOfExpression(tokens.filter((token) => token !== ':='))
    case 'GET':
    case 'LOAD':
      return tokens.some((_, at) => ofUser(tokens, at)) ? 'userVariable' : pinOfExpression(tokens)
    case 'BEGIN': // MariaDB runs these outside of routines, too
    case 'CASE':
    case 'FOR':
    case 'IF':
    case 'LOOP':
    case 'REPEAT':
    case 'WHILE':
      return pinOfExpression(tokens) ?? pinInside(tokens)
    default:
      return pinOfExpression(tokens)
  }
}

/** Of the first statement inside of another. */
function pinInside(tokens: readonly string[]): Pin | undefined {
  const start = tokens.findIndex((token, at) => at > 0 && /^(SET|LOCK|CREATE|PREPARE|EXECUTE)$/.test(token))
  return start < 0 ? undefined : pinOfStatement(tokens.slice(start))
}

/** Whether the name of a user variable follows. */
function ofUser(tokens: readonly string[], at: number): boolean {
  return tokens[at] === '@' && tokens[at + 1] !== '@' && tokens[at - 1] !== '@'
}

function pinOfExpression(tokens: readonly string[]): Pin | undefined {
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]
    if (token === ':=' || (token === 'INTO' && listsOfUser(tokens, at + 1))) return 'userVariable'
    if (!opens(tokens[at + 1]) || tokens[at - 1] === '.' || isNamed(tokens, at)) continue
    if (token === 'GET_LOCK' || token === '`GET_LOCK') return 'namedLock'
    if (/^`?(ROW_COUNT|FOUND_ROWS)$/.test(token as string)) return 'counted'
  }
  return undefined
}

/** Whether a user variable is among the names from there on. */
function listsOfUser(tokens: readonly string[], start: number): boolean {
  let at = start
  while (isName(tokens[at]) && (tokens[at + 1] === ',' || tokens[at + 1] === '.')) at += 2
  return ofUser(tokens, at)
}

/** Before the name of a table, an index or a procedure, which a list in parentheses can follow. */
const NAMES =
  /^(CALL|CONSTRAINT|DELAYED|EXISTS|FULLTEXT|IGNORE|INDEX|INTO|KEY|LOW_PRIORITY|RECURSIVE|REFERENCES|SEQUENCE|SPATIAL|TABLE|UNIQUE|VIEW|WITH)$/

/** Whether it is a name there, and no function. */
function isNamed(tokens: readonly string[], at: number): boolean {
  const before = tokens[at - 1] ?? ''
  if (NAMES.test(before)) return true
  if (before === 'INSERT' || before === 'REPLACE') return at === 1
  return (
    before === 'ON' &&
    tokens[0] === 'CREATE' &&
    tokens.indexOf('ON') === at - 1 &&
    tokens.slice(1, 4).includes('INDEX')
  )
}
