import type { Tally } from './tally.ts'

/** What a run has seen, for a terminal. */
export function summary(tally: Tally, seconds: number): string {
  const { invocations, failed, rows, connections, faults, outcomes, findings } = tally
  const rate = (invocations / seconds).toFixed(0)
  return [
    `${invocations} invocations in ${seconds.toFixed(0)} s (${rate}/s), of which ${failed} failed; ${rows} rows`,
    `faults:   ${list(faults)}`,
    `outcomes: ${list(outcomes)}`,
    `beside the bound: ${connections.beyond} times one that stops a statement, ${connections.orphaned} sessions whose client was gone`,
    `broken promises: ${findings.size === 0 ? 0 : ''}`,
    ...[...findings.values()].flatMap(({ broken, times }) => [
      `  ${broken.promise}, ${times} times: ${broken.rule}`,
      `      first: invocation ${broken.invocation ?? 'none'}, operation ${broken.op ?? 'none'}: ${broken.detail.slice(0, 500)}`,
    ]),
  ].join('\n')
}

function list(counts: ReadonlyMap<string, number>): string {
  const sorted = [...counts].sort(([, one], [, other]) => other - one)
  return sorted.map(([what, times]) => `${what} ${times}`).join(', ')
}
