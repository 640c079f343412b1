import type { Evidence } from './evidence.ts'
import type { Break } from './history.ts'

/** P9 and P8: nothing ends the process, and nothing is printed that is a secret. */
export function quiet(evidence: Evidence): Break[] {
  const { invocations, reports, output, secrets } = evidence.history
  const crashed = reports.flatMap((report): Break[] =>
    report.is === 'crash'
      ? [{ promise: 'P9', rule: 'the process crashed', detail: report.error.slice(0, 600) }]
      : [],
  )
  const exited = invocations
    .filter(({ result }) => result.error?.errorType === 'Runtime.ExitError')
    .map(({ number, result }): Break => {
      const detail = `${JSON.stringify(result.error)} ${output.slice(-600)}`
      return { promise: 'P9', rule: 'the process ended', invocation: number, detail }
    })
  const printed = [output, JSON.stringify(reports)]
    .filter((text) => secrets.some((secret) => text.includes(secret)))
    .map(
      (): Break => ({ promise: 'P8', rule: 'a secret was printed', detail: 'the password is in the output' }),
    )
  return [...crashed, ...(crashed.length > 0 ? [] : exited), ...printed]
}
