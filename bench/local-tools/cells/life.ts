import { existsSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Cell } from '../cells.ts'
import { WHILE } from '../tool.ts'
import { probed } from './runs.ts'

/** Of a connection that is killed between two invocations. */
const ROUNDS = 5

const written = (file: string) => (existsSync(file) ? readFileSync(file, 'utf8') : '')

/** What becomes of the process. */
export const LIFE: readonly Cell[] = [
  {
    title: 'The next invocation finds the process and its module state again',
    async try(tool) {
      await using probe = await tool.open('probe')
      await probe.invoke({ does: 'state' })
      return { shown: probed(await probe.invoke({ does: 'state' })).calls === 2 }
    },
  },
  {
    title: 'Frozen between invocations: no timer runs',
    async try(tool) {
      await using probe = await tool.open('probe')
      const first = probed(await probe.invoke({ does: 'tick' }))
      await probe.between()
      const next = probed(await probe.invoke({ does: 'tick' }))
      if (next.instance !== first.instance) return { shown: false, note: 'a process for each' }
      return { shown: next.ticks < WHILE / 10 / 3 }
    },
  },
  {
    title: 'A connection killed while frozen fails mysql2’s own pool, as it does on Lambda',
    async try(tool, { kill }) {
      await using pooled = await tool.open('pooled')
      let failed = 0
      for (let round = 0; round < ROUNDS; round++) {
        await pooled.invoke({})
        await pooled.between(kill)
        if (!(await pooled.invoke({})).ok) failed++
      }
      return { shown: failed > 0, note: `${failed} of ${ROUNDS} times` }
    },
  },
  {
    title: 'An invocation past its timeout is ended, and its code with it',
    async try(tool, { file }) {
      await using probe = await tool.open('probe')
      const to = file()
      const { ok } = await probe.invoke({ does: 'outlive', file: to })
      const then = written(to).length
      await sleep(WHILE)
      return { shown: !ok && written(to).length === then }
    },
  },
  {
    title: 'After a timeout the next invocation gets a new process',
    async try(tool, { file }) {
      await using probe = await tool.open('probe')
      const first = probed(await probe.invoke({ does: 'state' }))
      const late = await probe.invoke({ does: 'outlive', file: file() })
      if (late.ok) return { shown: false, note: 'no timeout' }
      const { ok, response } = await probe.invoke({ does: 'state' })
      if (!ok) return { shown: false, note: 'it times out, too' }
      return { shown: (response as typeof first).instance !== first.instance }
    },
  },
  {
    title: 'Invocations at once get a process each',
    async try(tool) {
      await using probe = await tool.open('probe')
      const wait = { does: 'wait', milliseconds: 400 }
      const both = (await Promise.all([probe.invoke(wait), probe.invoke(wait)])).map(probed)
      const [one, other] = both.map(({ process }) => String(process).split('/')[0])
      const apart = both[0]?.instance !== both[1]?.instance
      return { shown: apart && one !== other, note: apart && one === other ? 'a thread each' : undefined }
    },
  },
  {
    title: 'or share one, as on Managed Instances',
    async try(tool) {
      await using probe = await tool.open('probe', { concurrency: 2 })
      const wait = { does: 'wait', milliseconds: 400 }
      await probe.invoke({ does: 'state' })
      const start = performance.now()
      const both = (await Promise.all([probe.invoke(wait), probe.invoke(wait)])).map(probed)
      const atOnce = performance.now() - start < 750
      return { shown: atOnce && both[0]?.process === both[1]?.process }
    },
  },
  {
    title: 'A handler can register as an internal extension',
    async try(tool) {
      await using extension = await tool.open('extension')
      const { ok, response } = await extension.invoke({})
      return { shown: ok && response === 200 }
    },
  },
  {
    title: 'and then has SIGTERM and 500 ms at the end',
    async try(tool, { file }) {
      await using extension = await tool.open('extension')
      const to = file()
      await extension.invoke({ file: to })
      await extension.end()
      await sleep(WHILE)
      const had = Number(written(to).trim().split('\n').at(-1))
      return { shown: had > 350 && had < 700 }
    },
  },
  {
    title: 'Taking more memory than the function has ends it',
    async try(tool) {
      await using probe = await tool.open('probe')
      const { ok, message = '' } = await probe.invoke({ does: 'allocate' })
      return { shown: !ok && /memory|ExitError/i.test(message) }
    },
  },
]
