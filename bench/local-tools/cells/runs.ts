import getOrder from '../../../test/events/get-order.json' with { type: 'json' }
import type { Cell } from '../cells.ts'
import type { Told as Probed } from '../service/probe.ts'
import type { Told } from '../tool.ts'

/** What the probe answered. @throws Error in the tool's words when it did not */
export function probed({ ok, response, message }: Told): Probed {
  if (!ok) throw new Error(`The probe was not answered: ${message?.slice(-500)}`)
  return response as Probed
}

const answersOrder = ({ ok, response }: Told) =>
  ok && (response as { statusCode?: number } | undefined)?.statusCode === 200

/** What runs, and in what surroundings. */
export const RUNS: readonly Cell[] = [
  {
    title: 'The shop’s handler answers with an order',
    async try(tool) {
      await using shop = await tool.open('shop')
      return { shown: answersOrder(await shop.invoke(getOrder)) }
    },
  },
  {
    title: 'The same without a word about a database: the tool brings one',
    async try(tool) {
      return { shown: answersOrder(await tool.withoutDatabase(getOrder)) }
    },
  },
  {
    title: 'A TypeScript handler, with no plugin that bundles',
    async try(tool) {
      await using probe = await tool.open('probe', { config: 'plain' })
      const { ok } = await probe.invoke({ does: 'state' })
      return { shown: ok, note: ok ? undefined : 'with serverless-esbuild' }
    },
  },
  {
    title: 'The packaged artifact, an ES module in .mjs',
    async try(tool) {
      await using probe = await tool.open('probe', { config: 'artifact' })
      return { shown: (await probe.invoke({ does: 'state' })).ok }
    },
  },
  {
    title: 'Under AWS’s own runtime client',
    async try(tool) {
      await using probe = await tool.open('probe')
      const { calledBy } = probed(await probe.invoke({ does: 'state' }))
      return { shown: /node_modules\/aws-lambda-ric\//.test(String(calledBy)) }
    },
  },
  {
    title: 'Only the function’s own environment is seen, nothing of the shell’s',
    async try(tool) {
      await using probe = await tool.open('probe')
      const { environment } = probed(await probe.invoke({ does: 'state' }))
      const seen = ['DEVELOPERS_OWN', 'AWS_DEVELOPERS_OWN'].filter((name) => environment.includes(name))
      return { shown: seen.length === 0, note: seen.length === 1 ? 'all but AWS_…' : undefined }
    },
  },
  {
    title: 'getRemainingTimeInMillis() counts down from the timeout',
    async try(tool) {
      await using probe = await tool.open('probe')
      const { remaining } = probed(await probe.invoke({ does: 'wait', milliseconds: 300 }))
      const [before = 0, after = 0] = remaining
      return { shown: before <= 1000 && before > 500 && before - after >= 290 && before - after < 500 }
    },
  },
  {
    title: 'A response is streamed (`awslambda.streamifyResponse`)',
    async try(tool) {
      await using streamed = await tool.open('streamed')
      const { ok, response } = await streamed.invoke({})
      return { shown: ok && JSON.stringify(response).includes('one,two') }
    },
  },
  {
    title: 'What a module throws while it loads is told',
    async try(tool) {
      await using broken = await tool.open('broken')
      const { ok, message = '' } = await broken.invoke({})
      return { shown: !ok && message.includes('broken on purpose') }
    },
  },
  {
    title: 'What a handler throws is told with its type',
    async try(tool) {
      await using probe = await tool.open('probe')
      const { ok, message = '' } = await probe.invoke({ does: 'throw' })
      const typed = /TypeError/.test(message + probe.log)
      return { shown: !ok && message.includes('thrown on purpose') && typed }
    },
  },
  {
    title: 'A log line with duration, billed duration, INIT and memory used',
    async try(tool) {
      await using probe = await tool.open('probe')
      await probe.invoke({ does: 'state' })
      const told = ['Duration', 'Billed Duration', 'Init Duration', 'Max Memory Used']
      const found = told.filter((name) => new RegExp(`\\b${name}: \\d`).test(probe.log))
      const note = found.length > 0 && found.length < told.length ? `${found.join(', ')} only` : undefined
      return { shown: found.length === told.length, note }
    },
  },
]
