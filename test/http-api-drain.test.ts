import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import type { LambdaResult } from '../local/src/function/result.ts'
import type { HttpApi } from '../local/src/http-api/http-api.ts'
import { fetched, listen } from './support/http-api.ts'

/** A client that has said so much. */
async function said(api: HttpApi, text: string): Promise<{ socket: Socket; heard: () => string }> {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1')
  onTestFinished(() => void socket.destroy())
  socket.on('error', () => {})
  let heard = ''
  socket.on('data', (chunk) => {
    heard += chunk
  })
  await once(socket, 'connect')
  await new Promise((resolve) => socket.write(text, resolve))
  return { socket, heard: () => heard }
}

const HEAD = 'POST /any HTTP/1.1\r\nHost: h\r\n'

it.each([
  ['half a head', HEAD],
  ['half a body', `${HEAD}Content-Length: 100\r\n\r\nabc`],
])('ends although a client has sent only %s', async (_, half) => {
  const { api } = await listen(() => ({ response: 'hi' }) as Partial<LambdaResult>)
  const { socket, heard } = await said(api, half)
  await fetched(api, '/thing') // and so the half has come
  await Promise.all([api.drain(), once(socket, 'close')])
  expect(heard()).toBe('')
})

it('answers what has come whole, also while it ends', async () => {
  const answers = [
    Promise.withResolvers<Partial<LambdaResult>>(),
    Promise.withResolvers<Partial<LambdaResult>>(),
  ]
  let invoked = 0
  const { api, answered } = await listen(() => answers[invoked++]?.promise ?? {})
  const body = `${HEAD}Content-Length: 2\r\n\r\n`
  const [first, second] = [await said(api, `${body}ab`), await said(api, `${body}a`)]
  await expect.poll(() => invoked).toBe(1)
  const drained = api.drain()
  second.socket.write('b')
  await expect.poll(() => invoked).toBe(2)
  answers[0]?.resolve({ response: 'one' })
  await expect.poll(() => first.heard()).toMatch(/^HTTP\/1.1 200 OK\r\nconnection: close\r\n.*one$/s)
  answers[1]?.resolve({ response: 'two' })
  await drained
  await expect.poll(() => second.heard()).toMatch(/two$/)
  expect(answered).toHaveLength(2)
})

it('waits until a client has taken a long answer', async () => {
  const long = 'x'.repeat(20_000_000)
  const { api, answered } = await listen(() => ({ response: long }) as Partial<LambdaResult>)
  const { socket, heard } = await said(api, `${HEAD}\r\n`)
  socket.pause()
  await expect.poll(() => answered.length).toBe(1)
  const drained = api.drain()
  socket.resume()
  await Promise.all([drained, once(socket, 'close')])
  expect(heard().endsWith(`\r\n\r\n${long}`)).toBe(true)
})
