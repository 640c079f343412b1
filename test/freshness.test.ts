import { expect, test } from 'vitest'
import { type FreshnessLimits, freshness, type Verdict } from '../src/policy/freshness.ts'

const limits: FreshnessLimits = {
  validateAfter: 15_000,
  idleTimeout: 300_000,
  maxLifetime: 1_800_000,
  pingable: true,
}

interface More extends Partial<FreshnessLimits> {
  readonly sameTurn?: boolean
  /** Where it is not as long as it has been idle. */
  readonly unproven?: number
}

test.each<[what: string, idle: number, life: number, verdict: Verdict, more?: More]>([
  ['used in this turn', 0, 0, 'reuse'],
  ['used a tick ago', 1, 1000, 'reuse'],
  ['used in this turn, which has been long', 2, 1000, 'probe'],
  ['used in the turn before, in this very tick', 0, 1000, 'probe', { sameTurn: false }],
  ['frozen and thawed within a tick', 1, 1000, 'probe', { sameTurn: false }],
  ['idle as long as need not be validated', 15_000, 20_000, 'probe'],
  ['idle longer', 15_001, 20_000, 'ping'],
  ['idle as long as is allowed', 300_000, 400_000, 'ping'],
  ['idle too long', 300_001, 400_000, 'replace'],
  ['frozen for a day', 86_400_000, 86_400_000, 'replace'],
  ['almost too old', 0, 1_799_999, 'reuse'],
  ['too old, though just used', 0, 1_800_000, 'replace'],
  ['the clock was set back', -5_000, 1000, 'probe'],
  ['the clock was set back behind its birth', -5_000, -1000, 'probe'],
  ['behind a proxy, which answers pings itself', 20_000, 20_000, 'probe', { pingable: false }],
  ['behind a proxy, idle too long', 300_001, 400_000, 'replace', { pingable: false }],
  ['validated always', 2, 2, 'ping', { validateAfter: 0 }],
  ['validated always, but used in this turn', 1, 1, 'reuse', { validateAfter: 0 }],
  ['never kept idle', 1, 1, 'replace', { idleTimeout: 0, sameTurn: false }],
  ['never kept idle, but used in this turn', 1, 1, 'reuse', { idleTimeout: 0 }],
  ['replaced sooner than validated', 11, 20, 'replace', { idleTimeout: 10 }],
  ['asked while nobody used it', 20_000, 20_000, 'probe', { unproven: 500 }],
  ['asked all the time while nobody used it', 300_001, 400_000, 'replace', { unproven: 500 }],
  ['used in this turn, by something that took its time', 0, 20_000, 'reuse', { unproven: 15_000 }],
  ['used in this turn, by something that a freeze may have been in', 0, 20_000, 'ping', { unproven: 15_001 }],
  ['the same behind a proxy', 0, 20_000, 'probe', { unproven: 15_001, pingable: false }],
  [
    'validated always, but used in this turn for a tenth of a second',
    0,
    101,
    'reuse',
    { validateAfter: 0, unproven: 100 },
  ],
  ['validated always, and used in this turn for longer', 0, 101, 'ping', { validateAfter: 0, unproven: 101 }],
  [
    'never kept idle, but used in this turn by something that took an hour',
    0,
    1,
    'ping',
    { idleTimeout: 0, unproven: 3_600_000 },
  ],
])('%s', (_, idle, life, verdict, { sameTurn = true, unproven = idle, ...more } = {}) => {
  expect(freshness({ idle, unproven, life, sameTurn }, { ...limits, ...more })).toBe(verdict)
})
