import type { Reporter, TestModule } from 'vitest/node'

/** The last line of a run: `N passed, N failed`, and `N skipped` where there are any. */
export default class ClosingLine implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly unknown[]): void {
    const count = { passed: 0, failed: errors.length, skipped: 0 }
    for (const module of modules) {
      const states = [...module.children.allTests()].map((test) => test.result().state)
      for (const state of states) if (state !== 'pending') count[state]++
      // A file that could not be loaded has no tests, but it has failed.
      if (module.state() === 'failed' && !states.includes('failed')) count.failed++
    }
    const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : ''
    // Vitest's own summary is written when this hook returns; the line comes after it.
    process.once('exit', () =>
      process.stdout.write(`\n${count.passed} passed, ${count.failed} failed${skipped}\n`),
    )
    // Skipping because something is missing is a failure where everything has to be there.
    if (process.env.CI && count.skipped > 0) process.exitCode = 1
  }
}
