import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { WarmpoolError } from '../src/index.ts'

const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8')

test('docs/errors.md has a row for every code, and none besides', () => {
  const union = /ErrorCode =([\s\S]*?)\n\n/.exec(read('src/errors.ts'))?.[1] ?? ''
  const codes = [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code).sort()
  const rows = [...read('docs/errors.md').matchAll(/^\| `([A-Z_]+)` \|/gm)].map(([, code]) => code).sort()
  expect(codes.length).toBeGreaterThan(8)
  expect(rows).toEqual(codes)
})

test('it answers in the http-errors convention', () => {
  const cause = new Error('why')
  const error = new WarmpoolError('CONNECT_FAILED', 'cannot connect', { cause, retryable: true })
  expect(error).toMatchObject({
    name: 'WarmpoolError',
    code: 'CONNECT_FAILED',
    statusCode: 503,
    expose: false,
    retryable: true,
    cause,
  })
  expect('outcome' in error).toBe(false)
})
