import tls from 'node:tls'
import { onTestFinished } from 'vitest'
import { resolve } from '../names.ts'
import { PROXY_NAME } from './certificate.ts'
import type { StandInProxy } from './stand-in-proxy.ts'

/**
 * From now on the name of an RDS Proxy leads to the stand-in, and Node trusts its authority as it trusts Amazon's: nothing but the
 * name says what is there.
 *
 * @returns what a function's environment holds for it
 */
export function reachByName(proxy: StandInProxy): Record<string, string> {
  resolve(PROXY_NAME, () => '127.0.0.1')
  trustAsPublic(proxy.ca)
  const { port, user, password, database } = proxy.connection
  return {
    DB_HOST: PROXY_NAME,
    DB_PORT: String(port),
    DB_USER: user,
    DB_PASSWORD: password,
    DB_NAME: database,
  }
}

function trustAsPublic(ca: string): void {
  tls.setDefaultCACertificates([...tls.getCACertificates('bundled'), ca])
}

/** For the test that runs. */
export function reachByNameForTest(proxy: StandInProxy): Record<string, string> {
  onTestFinished(() => tls.setDefaultCACertificates(tls.getCACertificates('bundled')))
  return reachByName(proxy)
}
