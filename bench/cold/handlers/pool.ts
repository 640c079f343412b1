import { createPool, iam } from 'warmpool'
import { ca, database, host, password, port, prewarm, signedPort, user } from './environment.ts'

export const pool = createPool({
  connection: { host, port: Number(port), user, database, ...(password && { password }) },
  prewarm: prewarm === 'yes',
  ...(ca && { tls: { ca } }),
  ...(signedPort && { credentials: iam({ port: Number(signedPort) }) }),
})
