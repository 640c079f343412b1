import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    reporters: ['default', './test/support/closing-line.ts'],
    setupFiles: ['./test/support/watch-secrets.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Each file has a server of its own and many start processes: more at once than cores only makes them wait for each other.
    maxWorkers: 2,
    execArgv: ['--expose-gc'],
  },
})
