import { afterEach, beforeEach, vi } from 'vitest'
import { type Credentials, createPool, type Pool, type PoolOptions } from '../../src/index.ts'
import { keepSecret } from './secrets.ts'

/** What the SDK signs with in the tests of `iam()`. */
export const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'not+a/real=secret', region: 'eu-west-1' }
keepSecret(keys.secretAccessKey, 'X-Amz-Signature=', 'X-Amz-Credential=') // every token has the last two in it

/** Gives each test of the file these keys, and ends its pools. @returns what opens one */
export function iamForFile(): (options: PoolOptions) => Pool {
  const pools: Pool[] = []
  beforeEach(() => {
    vi.stubEnv('AWS_ACCESS_KEY_ID', keys.accessKeyId)
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', keys.secretAccessKey)
    vi.stubEnv('AWS_REGION', keys.region)
  })
  afterEach(async () => {
    vi.useRealTimers()
    vi.unstubAllEnvs()
    for (const pool of pools.splice(0)) await pool.end({ timeout: 100 })
  })
  return (options) => {
    const pool = createPool(options)
    pools.push(pool)
    return pool
  }
}

/** Notes each password that is given. */
export function counting(sign: Credentials): { credentials: Credentials; asked: string[] } {
  const asked: string[] = []
  const credentials: Credentials = async (request) => {
    const login = await sign(request)
    asked.push(login.password)
    return login
  }
  return { credentials: Object.assign(credentials, { cleartext: true }), asked }
}
