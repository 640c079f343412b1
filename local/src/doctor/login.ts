import { rounded } from './address.ts'
import type { Examination } from './examination.ts'
import { type Finding, inMs, ok } from './finding.ts'
import type { Settings } from './project.ts'
import { Server } from './server.ts'

/** Logs in as the program does, by a pool of its own warmpool: with its retries, its trust, and the one SET that it opens with. */
export async function lookAtLogin(examination: Examination): Promise<Finding> {
  const { project, login } = examination
  const started = performance.now()
  try {
    examination.pool = project.warmpool.poolOf(settingsFor(examination))
    examination.connection = await examination.pool.getConnection()
  } catch (error) {
    return refused(examination, error as Error & { code?: string })
  }
  examination.server = new Server(examination.connection, examination.limit)
  const took = performance.now() - started
  return ok(`let in as ${login?.user ?? 'nobody'} (${inMs(took)})`, { ms: rounded(took) })
}

/** The packets of a login that one side waits for: TLS, the password in up to three rounds, the SET; and as many to dial and be greeted. */
const ANSWERS = 8

/** As long as one answer may take; where the way is long, as much more as all of them take on it. */
function settingsFor({ settings, limit, slowest }: Examination): Settings {
  const connectTimeout = Math.ceil(limit + ANSWERS * slowest)
  return { ...settings, connectionLimit: 1, connectTimeout, prewarm: false, reader: undefined }
}

/** What the pool says of the attempts in whole is left to it; of the last one's error it has made the same sentence. */
function refused(examination: Examination, error: Error & { code?: string }): Finding {
  const { code, cause } = error
  if (code === 'CONNECT_FAILED' && cause instanceof Error) return examination.trouble(cause)
  return examination.failure(error, { code })
}
