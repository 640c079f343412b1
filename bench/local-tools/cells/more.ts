import { setTimeout as sleep } from 'node:timers/promises'
import type { Cell } from '../cells.ts'

/** How long a WebSocket has to answer, milliseconds. */
const ANSWER = 5000

/** What stands around functions. */
export const MORE: readonly Cell[] = [
  {
    title: 'An HTTP API’s routes, from serverless.yml',
    async try(tool) {
      await using served = await tool.serve('serverless')
      if (!served) return { shown: false }
      const answer = await fetch(`${served.url}/orders/42`)
      return { shown: answer.status === 200 && (await answer.text()).includes('"customerId"') }
    },
  },
  {
    title: 'Lambda’s own API, for an AWS client that invokes a function',
    async try(tool) {
      await using served = await tool.serve('serverless')
      if (!served) return { shown: false }
      const body = JSON.stringify({ does: 'state' })
      const answer = await fetch(served.invokeUrl('probe'), { method: 'POST', body })
      return { shown: answer.ok && (await answer.text()).includes('"calls":1') }
    },
  },
  {
    title: 'The authorizers of an HTTP API',
    async try(tool) {
      await using served = await tool.serve('others')
      if (!served) return { shown: false }
      const [without, wrong, right] = await Promise.all(
        [{}, { authorization: 'please' }, { authorization: 'sesame' }].map(async (headers) => {
          const { status } = await fetch(`${served.url}/secret`, { headers: { ...headers } })
          return status
        }),
      )
      return { shown: without === 401 && wrong === 403 && right === 200 }
    },
  },
  {
    title: 'A WebSocket API',
    async try(tool) {
      await using served = await tool.serve('others')
      if (!served) return { shown: false }
      const socket = new WebSocket(served.webSocketUrl)
      const heard = new Promise<unknown>((resolve) => {
        socket.addEventListener('open', () => socket.send('hello'))
        socket.addEventListener('message', ({ data }) => resolve(data))
        socket.addEventListener('error', resolve)
      })
      const said = await Promise.race([heard, sleep(ANSWER)])
      socket.close()
      return { shown: said === 'heard hello' }
    },
  },
  {
    title: 'A handler in Python',
    async try(tool) {
      await using python = await tool.open('python', { config: 'others' })
      const { ok, response } = await python.invoke({ word: 'hi' })
      return { shown: ok && JSON.stringify(response) === '{"heard":"hi"}' }
    },
  },
]
