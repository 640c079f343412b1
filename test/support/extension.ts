/**
 * The source of an external extension: a script for Node that prints what it is told. Its environment says what it does: EVENTS it
 * registers for, READY, NEXT and END, files for which it waits before its first Next, before each Next after an event, and before it ends
 * after SHUTDOWN; DIES, the event at which it exits, or `start`.
 */
export const EXTENSION = `
import { existsSync } from 'node:fs'
import { basename } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
const { AWS_LAMBDA_RUNTIME_API, EVENTS = 'INVOKE,SHUTDOWN', READY, NEXT, END, DIES } = process.env
const api = 'http://' + AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension/'
const name = basename(process.argv[1])
const say = (...words) => process.stdout.write(name + ' ' + words.join(' ') + '\\n')
const gate = async (file) => { while (file && !existsSync(file)) await delay(5) }
say('pid', process.pid, Object.keys(process.env).includes('_HANDLER'))
if (DIES === 'start') process.exit(7)
const registered = await fetch(api + 'register', {
  method: 'POST',
  headers: { 'lambda-extension-name': name },
  body: JSON.stringify({ events: EVENTS.split(',').filter(Boolean) }),
})
say('registered', registered.status, await registered.text())
if (!registered.ok) process.exit(8)
const id = registered.headers.get('lambda-extension-identifier')
await gate(READY)
for (;;) {
  const event = await (await fetch(api + 'event/next', { headers: { 'lambda-extension-identifier': id } })).json()
  say('told', event.eventType, event.shutdownReason ?? event.requestId, event.deadlineMs - Date.now())
  if (event.eventType === DIES) process.exit(9)
  if (event.eventType === 'SHUTDOWN') {
    await gate(END)
    say('ends')
    process.exit(0)
  }
  await gate(NEXT)
}
`
