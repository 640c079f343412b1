import { expect, test } from 'vitest'
import { lifecycle } from './support/lifecycle.ts'
import { describeUnderEachRuntime } from './support/runtimes.ts'

const { start, write } = lifecycle()

/** More than a socket or a pipe holds. */
const COUNT = 3000
const handler = write(
  'talkative.mjs',
  `export const handler = async ({ exits }) => {
    for (let i = 0; i < ${COUNT}; i++) console.log('line ' + i + ' ' + 'é'.repeat(200))
    process.stdout.write('no end')
    if (exits) process.exit(1)
  }`,
)

describeUnderEachRuntime((runtime) => {
  test('all that an invocation has printed is there before its end, and nothing comes later', async () => {
    const log: string[] = []
    const onPlatform = (line: string) => log.push(line.slice(0, 6))
    const onOutput = (line: string) => log.push(/line (\d+) é{200}$/.exec(line)?.[1] ?? line)
    await using run = await start({ handler, runtime, onPlatform, onOutput })
    const { container } = run
    for (let round = 0; round < 2; round++) {
      log.splice(0)
      await container.invoke()
      const numbers = Array.from({ length: COUNT }, (_, i) => String(i))
      expect(log).toEqual(['START ', ...numbers, 'END Re', 'REPORT'])
      await container.freeze()
      expect(log).toHaveLength(COUNT + 3)
      log.splice(0)
    }
  })

  test('of a process that ends there is all that it has printed, the line that it did not end too', async () => {
    await using run = await start({ handler, runtime })
    const { container, printed } = run
    expect(await container.invoke({ exits: true })).toMatchObject({ ok: false })
    expect(printed.count(/line \d+ é{200}$/)).toBe(COUNT)
    expect(printed.lines.at(-1)).toBe('no end')
  })
})
