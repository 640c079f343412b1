import CliTable from 'cli-table3'
import type { Table } from './bench.ts'
import { type Figure, keepsBar } from './figure.ts'

/** A table for people. Each figure with its interval and, where there is one, its bar. */
export function render(table: Table): string {
  const columns = [...new Set(Object.values(table).flatMap((row) => Object.keys(row)))]
  const printed = new CliTable({ head: ['', ...columns], style: { head: [], border: [] } })
  for (const [what, row] of Object.entries(table))
    printed.push([what, ...columns.map((column) => cell(row[column]))])
  return printed.toString()
}

/** What was promised and not kept, a sentence each. */
export function broken(table: Table): string[] {
  return Object.entries(table).flatMap(([what, row]) =>
    Object.entries(row)
      .filter(([, figure]) => !keepsBar(figure))
      .map(([column, figure]) => `${what}, ${column}: ${cell(figure)}`),
  )
}

function cell(figure: Figure | undefined): string {
  if (!figure) return ''
  const { median, low, high, unit, bar } = figure
  const value = [number(median), unit].filter(Boolean).join(' ')
  const interval = low === high ? '' : ` (${number(low)}–${number(high)})`
  return `${value}${interval}${bar === undefined ? '' : `, ${verdict(figure, bar)}`}`
}

/** The median decides; where the interval lies on both sides of the bar, another run may decide differently. */
function verdict(figure: Figure, bar: number): string {
  const word = keepsBar(figure) ? 'pass' : 'FAIL'
  const unsure = figure.low <= bar && figure.high > bar ? ', unsure' : ''
  return `at most ${number(bar)}: ${word}${unsure}`
}

function number(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2)
}
