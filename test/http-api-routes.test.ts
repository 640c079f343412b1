import { describe, expect, it } from 'vitest'
import { matchRoute, routeKey } from '../local/src/http-api/match-route.ts'

const routes = (...keys: string[]) =>
  keys.map((key) => {
    const [method = '', path] = key.split(' ')
    return path === undefined ? { method: 'ANY', path: method } : { method, path }
  })

function matched(all: ReturnType<typeof routes>, request: string) {
  const [method = '', path = ''] = request.split(' ')
  const match = matchRoute(all, method, path)
  return match && [routeKey(match.route), match.pathParameters]
}

describe('an HTTP API chooses', () => {
  // The documentation's own example.
  const pets = routes(
    '$default',
    'ANY /{proxy+}',
    'GET /pets/{proxy+}',
    'GET /pets/dog/{id}',
    'GET /pets/dog/1',
  )

  it.each([
    ['GET /pets/dog/1', 'GET /pets/dog/1', undefined],
    ['GET /pets/dog/2', 'GET /pets/dog/{id}', { id: '2' }],
    ['GET /pets/cat/1', 'GET /pets/{proxy+}', { proxy: 'cat/1' }],
    ['POST /test/5', 'ANY /{proxy+}', { proxy: 'test/5' }],
    ['POST /pets/dog/1', 'ANY /{proxy+}', { proxy: 'pets/dog/1' }],
    ['GET /', '$default', undefined],
  ])('for %s %s', (request, key, parameters) => {
    expect(matched(pets, request)).toEqual([key, parameters])
    expect(matched(pets.toReversed(), request)).toEqual([key, parameters])
  })

  const more = routes(
    'ANY /a/b',
    'GET /a/{x}',
    'GET /a/b',
    'GET /a/fixed/{rest+}',
    'GET /a/{x}/c',
    'GET /{y}/b/{z}',
  )
  it.each([
    ['GET /a/b', 'GET /a/b', undefined],
    ['PUT /a/b', 'ANY /a/b', undefined],
    ['GET /a/fixed/c', 'GET /a/{x}/c', { x: 'fixed' }], // whole matches go before greedy ones
    ['GET /a/fixed/c/d', 'GET /a/fixed/{rest+}', { rest: 'c/d' }],
    ['GET /a/b/c', 'GET /a/{x}/c', { x: 'b' }],
    ['GET /q/b/c', 'GET /{y}/b/{z}', { y: 'q', z: 'c' }],
    ['GET /a/a%20b%2Fc%C3%A9', 'GET /a/{x}', { x: 'a b/cé' }],
    ['GET /a/%E0%A4%A', 'GET /a/{x}', { x: '%E0%A4%A' }],
  ])('for %s %s, in whatever order', (request, key, parameters) => {
    expect(matched(more, request)).toEqual([key, parameters])
    expect(matched(more.toReversed(), request)).toEqual([key, parameters])
  })

  it.each(['HEAD /a/b/c', 'GET /a', 'GET /a/b/', 'GET /a/', 'GET /A/b', 'GET /a/fixed/'])(
    'none for %s',
    (request) => {
      expect(matched(more, request)).toBeUndefined()
    },
  )
})
