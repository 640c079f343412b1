import type { Settings } from '../options.ts'
import type { FreshnessLimits } from '../policy/freshness.ts'

/** The options that slots go by. */
export type Limits = Pick<
  Settings,
  'connectionLimit' | 'queueLimit' | 'connectTimeout' | 'validateTimeout' | 'sessionReset'
> &
  Omit<FreshnessLimits, 'pingable'>
