import fc from 'fast-check'
import { expect, test } from 'vitest'
import { pinOf } from '../src/policy/pinning.ts'
import { statements } from './support/generated-statements.ts'
import { reasonToPin } from './support/stand-in-proxy/pinning.ts'

/*
 * The package and the stand-in for RDS Proxy read AWS's rules each in its own way, so that neither can be wrong unseen.
 * A failure tells its seed and path.
 */
test('the pin guard warns of what pins a session of the stand-in, and of nothing else', () => {
  fc.assert(
    fc.property(statements, (text) => {
      const pinned = reasonToPin({ name: 'QUERY', text, bytes: Buffer.byteLength(text) })
      expect(pinOf(text) !== undefined).toBe(pinned !== undefined)
    }),
    { numRuns: 2000 },
  )
})

/** The guard knows more than that the session stays pinned: here it is state that RDS Proxy does not follow. */
test.each(['SET LOCAL time_zone = "+00:00"', 'SET @@local.sql_mode = ""', 'FLUSH TABLES t FOR EXPORT'])(
  'it also warns of %s',
  (text) => {
    expect(reasonToPin({ name: 'QUERY', text, bytes: text.length })).toBeUndefined()
    expect(pinOf(text)).toBeDefined()
  },
)
