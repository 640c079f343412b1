import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'

/** Lambda's Extensions API, as far as it goes. */
async function extensionsApi(asked: string[]) {
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    if (request.url?.endsWith('/register')) response.setHeader('lambda-extension-identifier', 'one').end('{}')
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

test('while modules beside it are evaluated, which takes longer than it waits, it is patient', async () => {
  const asked: string[] = []
  const api = await extensionsApi(asked)
  const slow = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200)'
  const source = `import 'warmpool/shutdown'\nimport 'data:text/javascript,${slow}'\nconsole.log('loaded')`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    env: { ...process.env, AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(api.address() as AddressInfo).port}` },
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk))
  expect(await once(child, 'close')).toEqual([0, null])
  expect(printed).toBe('loaded\n')
  expect(asked).toEqual(['POST /2020-01-01/extension/register', 'GET /2020-01-01/extension/event/next'])
  api.closeAllConnections()
  api.close()
})
