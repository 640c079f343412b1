/*
 * `warmpool/diagnosis`: what `npx warmpool-local doctor` needs to judge a connection as this very version of the package would open
 * it. For tools: no part of it is covered by semantic versioning, but for warmpool-local of the same version.
 */
import { Duplex } from 'node:stream'
import { connect } from './driver.ts'
import type { Credentials, Settings } from './options.ts'
import { Pool, sharedOf } from './pool.ts'
import { SharedPool } from './shared-pool.ts'
import type { Target } from './target/target.ts'

export { iam } from './credentials/iam.ts'
export { type Login, loginFor } from './credentials/login.ts'
export { secret } from './credentials/secret.ts'
export { toldOf } from './credentials/thrown.ts'
export { resolveOptions, type Settings } from './options.ts'
export { connectTrouble } from './policy/connect-trouble.ts'
export { readOnly, WHAT_IT_IS } from './policy/writer.ts'
export { placeOf, type Target, targetOf } from './target/target.ts'

/** The settings of a pool that a program has made; undefined for anything else. */
export function settingsOf(value: unknown): Settings | undefined {
  return value instanceof Pool ? sharedOf(value).settings : undefined
}

/** The same credentials, whose every answer is heard of, whoever asks: a pool does so for each handshake. */
export function overheard(credentials: Credentials, hear: (given: unknown) => void): Credentials {
  const ask: Credentials = async (request) => {
    const given = await credentials(request)
    hear(given)
    return given
  }
  return Object.assign(ask, credentials)
}

/** A pool of its own that is set so, whatever pools the program has on the same target. It has no reader. */
export function poolOf(settings: Settings): Pool {
  return new Pool({ pool: new SharedPool(settings, () => {}), reader: undefined })
}

/** What `tls.connect` is to be told to trust for this target, made in the way that a link takes; undefined without TLS. */
export function trustFor(target: Target): { readonly ca?: string | readonly string[] } | undefined {
  if (!target.tls) return undefined
  const nowhere = () => new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const connection = connect(
    { ...target, driver: { ...target.driver, stream: nowhere } },
    { user: undefined, password: undefined },
  )
  connection.on('error', () => {}) // that it was lost
  connection.stream.destroy()
  return connection.config.ssl as { ca?: string | string[] }
}
