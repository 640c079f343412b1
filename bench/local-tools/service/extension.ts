import { appendFileSync } from 'node:fs'

const api = process.env.AWS_LAMBDA_RUNTIME_API

/** As an internal extension, which is what makes Lambda send SIGTERM. */
async function register(): Promise<number | undefined> {
  if (api === undefined) return undefined
  const answer = await fetch(`http://${api}/2020-01-01/extension/register`, {
    method: 'POST',
    headers: { 'Lambda-Extension-Name': 'probe' },
    body: JSON.stringify({ events: [] }),
  })
  const id = String(answer.headers.get('lambda-extension-identifier'))
  const headers = { 'Lambda-Extension-Identifier': id }
  fetch(`http://${api}/2020-01-01/extension/event/next`, { headers }).catch(() => {})
  return answer.status
}

const registered = await register()

/** Answers with the status of its registration. At SIGTERM it writes until it is killed how long it has had, milliseconds. */
export async function handler({ file }: { file: string }) {
  process.once('SIGTERM', () => {
    const start = performance.now()
    setInterval(() => appendFileSync(file, `${Math.round(performance.now() - start)}\n`), 10)
  })
  return registered ?? null
}
