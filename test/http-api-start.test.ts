import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { Started } from './support/started-command.ts'

const patient = { timeout: 10_000, interval: 20 }

/** Registers as an internal extension, without which Lambda sends no SIGTERM. */
const ORDERLY = `
const api = 'http://' + process.env.AWS_LAMBDA_RUNTIME_API + '/2020-01-01/extension/'
const named = { 'Lambda-Extension-Name': 'orderly' }
const { headers } = await fetch(api + 'register', { method: 'POST', headers: named, body: '{"events":[]}' })
const id = headers.get('lambda-extension-identifier')
fetch(api + 'event/next', { headers: { 'Lambda-Extension-Identifier': id } }).catch(() => {})
process.on('SIGTERM', () => console.log('ended in order'))
const odd = { statusCode: 200, headers: { Trailer: 'x', 'Access-Control-Expose-Headers': 'x' }, body: 'odd' }
export const handler = async ({ rawPath }) => (rawPath === '/odd' ? odd : 'first')
`

describe('npx warmpool-local start', { timeout: 30_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), 'start-'))
  afterAll(() => rmSync(directory, { recursive: true }))
  const source = join(directory, 'orderly.ts')
  const config = join(directory, 'serverless.yml')
  const functions =
    '{ orderly: { handler: orderly.handler, events: [{ httpApi: "*" }] }, gone: { handler: gone.handler } }'
  writeFileSync(source, ORDERLY)
  writeFileSync(config, `service: orderly\nprovider: { name: aws }\nfunctions: ${functions}\n`)

  it("bundles again what has changed, ends containers by Lambda's rules, and tells at once what cannot run", async () => {
    await using started = new Started('', '--config', config, '--port', '0', '--no-database', '--watch')
    const url = await vi.waitFor(() => started.url ?? expect.fail(started.errors.join('\n')), patient)
    expect(started.errors.join('\n')).toContain('The function gone has its handler in ')
    const answer = async () => (await fetch(url)).text()
    expect(await answer()).toBe('first')
    writeFileSync(source, ORDERLY.replace('first', 'second'))
    await vi.waitFor(async () => expect(await answer()).toBe('second'), patient)
    const ended = () => started.errors.filter((line) => line.includes('ended in order')).length
    await vi.waitFor(() => expect(ended()).toBe(1), patient)
    started.interrupt()
    expect(await started.end()).toBe(130)
    expect(ended()).toBe(2)
  })

  it('is not ended by what a function answers, nor kept by half a request', async () => {
    await using started = new Started('', '--config', config, '--port', '0', '--no-database')
    const url = await vi.waitFor(() => started.url ?? expect.fail(started.errors.join('\n')), patient)
    const answer = async (path: string) => (await fetch(url + path)).text()
    expect(await answer('/odd')).toBe('odd')
    const half = connect(Number(new URL(url).port), '127.0.0.1').on('error', () => {})
    half.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nabc')
    expect(await answer('/')).toMatch(/first|second/) // and so the half has come
    started.interrupt()
    expect(await started.end()).toBe(130)
  })
})
