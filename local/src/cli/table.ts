import { ms, type Report } from './report.ts'

/** How rows look. */
export interface Looks {
  /** Columns of the terminal. */
  readonly width: number
  readonly colours: Pick<Colours, 'dim' | 'red' | 'green' | 'cyan' | 'yellow' | 'bold'>
  /** Responses and errors whole, on lines of their own. */
  readonly full: boolean
  /** Whether there is a database, whose columns are shown. */
  readonly database: boolean
  /** Whether there may be several containers. */
  readonly containers: boolean
}

type Colours = Record<string, (text: string) => string>

interface Column {
  readonly name: string
  readonly width: number
  readonly of: (report: Report) => string
}

/** With less room than this an answer has a line of its own. */
const ROOM_FOR_ANSWER = 36
const GAP = '  '
const INDENT = '     '

const FIRST: Column[] = [
  { name: '#', width: 3, of: ({ invocation }) => String(invocation) },
  { name: 'start', width: -6, of: ({ start }) => (start === 'throttled' ? 'none' : start) },
]
const CONTAINER: Column = { name: 'in', width: 3, of: ({ container }) => String(container ?? '-') }
const TIMES: Column[] = [
  { name: 'duration', width: 10, of: ({ durationMs }) => ms(durationMs) },
  { name: 'INIT', width: 7, of: ({ initMs, suppressedInitMs }) => whole(initMs ?? suppressedInitMs) },
  { name: 'billed', width: 8, of: ({ billedMs }) => whole(billedMs) },
]
const CONNECTIONS: Column[] = (['opened', 'reused', 'replaced', 'server'] as const).map((name) => ({
  name,
  width: name.length,
  of: (report) => (report[name] === undefined ? '-' : String(report[name])),
}))

/** The columns' names. */
export function heading(looks: Looks): string {
  const names = columns(looks).map(({ name, width }) => padded(name, width))
  const answer = hasOwnLine(looks) ? [] : ['answer']
  return looks.colours.dim([...names, ...answer].join(GAP))
}

/** One invocation: a line, and where there is no room beside it, or it is to be whole, its answer below. */
export function row(report: Report, looks: Looks): string {
  const cells = columns(looks).map((column) => coloured(column, report, looks))
  const line = cells.join(GAP)
  if (looks.full) return `${line}\n${indented(wholeAnswer(report), report, looks)}`
  const answer = answerOf(report)
  if (hasOwnLine(looks))
    return `${line}\n${indented(shortened(answer, looks.width - INDENT.length), report, looks)}`
  return `${line}${GAP}${tinted(shortened(answer, looks.width - used(looks)), report, looks)}`
}

/** Cut to that many characters, with `…` in place of what is missing. */
export function shortened(text: string, width: number): string {
  const characters = [...text]
  return characters.length <= width ? text : `${characters.slice(0, Math.max(0, width - 1)).join('')}…`
}

function columns({ database, containers }: Looks): Column[] {
  return [...FIRST, ...(containers ? [CONTAINER] : []), ...TIMES, ...(database ? CONNECTIONS : [])]
}

function used(looks: Looks): number {
  return columns(looks).reduce((sum, { width }) => sum + Math.abs(width) + GAP.length, 0)
}

function hasOwnLine(looks: Looks): boolean {
  return looks.full || looks.width - used(looks) < ROOM_FOR_ANSWER
}

function coloured(column: Column, report: Report, { colours }: Looks): string {
  const cell = padded(column.of(report), column.width)
  if (column.name === 'start')
    return { cold: colours.cyan, warm: colours.green, thawed: colours.yellow, throttled: colours.red }[
      report.start
    ](cell)
  const isNothing = column.name === 'replaced' ? !report.replaced : false
  return isNothing ? colours.dim(cell) : cell
}

function answerOf({ error, response }: Report): string {
  if (error === undefined) return JSON.stringify(response) ?? 'null'
  // Lambda's own errors begin with the request's id, which says nothing here.
  return inOneLine(`${error.errorType}: ${error.errorMessage.replace(/^RequestId: \S+ Error: /, '')}`)
}

function wholeAnswer({ error, response }: Report): string {
  if (error === undefined) return JSON.stringify(response, null, 2) ?? 'null'
  const trace = error.trace?.length ? error.trace : [`${error.errorType}: ${error.errorMessage}`]
  return trace.map((line) => inOneLine(line)).join('\n')
}

/** What a terminal would take for more than text becomes a blank. */
function inOneLine(text: string): string {
  return text.replace(/\p{Cc}+/gu, ' ')
}

function indented(text: string, report: Report, looks: Looks): string {
  const lines = text.split('\n').map((line) => INDENT + tinted(line, report, looks))
  return lines.join('\n')
}

function tinted(text: string, { ok }: Report, { colours }: Looks): string {
  return ok ? text : colours.red(text)
}

function whole(time: number | undefined): string {
  return time === undefined ? '' : `${Math.ceil(time)} ms`
}

/** To the left for a negative width. */
function padded(text: string, width: number): string {
  return width < 0 ? text.padEnd(-width) : text.padStart(width)
}
