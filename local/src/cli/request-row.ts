import type { Answered } from '../http-api/http-api.ts'
import { ms } from './report.ts'
import { shortened } from './table.ts'

type Colours = Record<'dim' | 'red' | 'green' | 'cyan' | 'yellow', (text: string) => string>

const PATH_WIDTH = 32
/** By Lambda's Invoke API, where the path says no more than the function's name. */
const INVOKE = /^\/2015-03-31\/functions\//

/** `GET     /orders/1                         200    12.3 ms  warm    1  0 opened, 1 reused` */
export function requestRow(answered: Answered, colours: Colours): string {
  const { method, path, statusCode, durationMs, result, functionName } = answered
  const invoked = INVOKE.test(path) && functionName !== undefined
  const columns = [
    (invoked ? 'invoke' : method).padEnd(7),
    shortened(invoked ? functionName : path, PATH_WIDTH).padEnd(PATH_WIDTH),
    statusColour(statusCode, colours)(String(statusCode)),
    ms(durationMs).padStart(10),
    ...(result ? [started(result.start, colours), String(result.container ?? '-').padStart(3)] : []),
    colours.dim(connections(result?.connections)),
  ]
  return columns.join('  ').trimEnd()
}

/** The same for `--json`; times in milliseconds. */
export function requestJson({ result, complaint, ...answered }: Answered): string {
  const { start, container, requestId, connections, ok } = result ?? {}
  const error = result && !result.ok ? result.error : undefined
  return JSON.stringify({ ...answered, start, container, requestId, ok, error, ...connections, complaint })
}

function connections(use: NonNullable<Answered['result']>['connections']): string {
  if (use === undefined) return ''
  const replaced = use.replaced > 0 ? `, ${use.replaced} replaced` : ''
  return `${use.opened} opened, ${use.reused} reused${replaced}`
}

function started(start: NonNullable<Answered['result']>['start'], { cyan, green, yellow, red }: Colours) {
  return { cold: cyan, warm: green, thawed: yellow, throttled: red }[start](start.padEnd(9))
}

function statusColour(statusCode: number, { green, yellow, red }: Colours) {
  return statusCode < 400 ? green : statusCode < 500 ? yellow : red
}
