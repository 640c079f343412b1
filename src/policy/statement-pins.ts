import type { Pin } from './pins.ts'
import { pinOfSetting } from './setting-pins.ts'
import { opens } from './tokens.ts'

/** By what the first of these statements that pins does so. */
export function pinOfStatements(tokens: readonly string[]): Pin | undefined {
  let start = 0
  for (let at = 0; at <= tokens.length; at++) {
    if (at < tokens.length && tokens[at] !== ';') continue
    const statement = tokens.slice(start, at)
    start = at + 1
    const defined = definedBy(statement)
    if (KEPT.test(defined) && defined !== 'VIEW' && statement.some((token) => BLOCK.test(token))) break
    const pin = KEPT.test(defined) ? undefined : pinOfStatement(statement)
    if (pin) return pin
  }
  return undefined
}

/** What is in a routine is not run now, and RDS Proxy does not look into one when it is. */
const KEPT = /^(PROCEDURE|FUNCTION|TRIGGER|EVENT|VIEW)$/
/** Begins what has semicolons of its own. */
const BLOCK = /^(BEGIN|CASE|IF|LOOP|REPEAT|WHILE)$/

/** What kind of thing it defines, as far as that matters here. */
function definedBy([first, ...rest]: readonly string[]): string {
  if (first !== 'CREATE' && first !== 'ALTER') return ''
  return rest.find((token) => KEPT.test(token) || token === 'TABLE') ?? ''
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
    if (token === ':=' || (token === 'INTO' && tokens[at + 1] === '@')) return 'userVariable'
    if (!opens(tokens[at + 1]) || tokens[at - 1] === '.') continue
    if (token === 'GET_LOCK' || token === '`GET_LOCK') return 'namedLock'
    if (/^`?(ROW_COUNT|FOUND_ROWS)$/.test(token as string)) return 'counted'
  }
  return undefined
}
