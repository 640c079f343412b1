import type { Table } from './measure/bench.ts'
import { MEASURED } from './measure/cpu.ts'
import { type Figure, figure } from './measure/figure.ts'
import type { Lookups, Nanoseconds } from './measure/lookups.ts'
import { PinnedProcess } from './measure/pinned-process.ts'

export const title =
  'What it costs to know what a repeated statement leaves in its session, beside a Map lookup by the same string'

/** Nanoseconds that a warm query may spend on it: a thousandth of a round trip. */
const BAR = 1000
const LENGTHS = [80, 1000]
const PROCESSES = 6

export async function run(): Promise<Table> {
  const table: Table = {}
  for (const length of LENGTHS) {
    table[`${length} characters, a constant`] = await row({ length, anew: false })
    table[`${length} characters, built anew`] = await row({ length, anew: true })
  }
  return table
}

async function row(lookups: Lookups): Promise<Record<string, Figure>> {
  const measured: Nanoseconds[] = []
  for (let n = 0; n < PROCESSES; n++) {
    await using process = await PinnedProcess.start<Lookups, Nanoseconds>('lookups.ts', MEASURED)
    measured.push(await process.ask(lookups))
  }
  return {
    'session policy, ns': figure(
      measured.map(({ policy }) => policy),
      '',
      BAR,
    ),
    'Map, ns': figure(
      measured.map(({ map }) => map),
      '',
    ),
    ratio: figure(
      measured.map(({ policy, map }) => policy / map),
      '×',
    ),
  }
}
