const host = 'shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com'
// #region
import middy from '@middy/core'
import secretsManager, { secret } from '@middy/secrets-manager'
import mysqlPool from 'warmpool'

interface Login {
  username: string
  password: string
}
let login: Login

export const handler = middy()
  .use(
    mysqlPool({
      connection: { host, database: 'shop' },
      prewarm: false, // in INIT the secret is not there yet
      credentials: async () => ({ user: login.username, password: login.password }),
    }),
  )
  .use(
    secretsManager({
      fetchData: { login: secret<Login>('shop/database') },
      cacheExpiry: 60_000, // for so long a rotated password is not noticed
      setToContext: true,
    }),
  )
  .before(({ context }) => {
    login = context.login
  })
  .handler(async (_event, { db }) => (await db.query('SELECT id, name FROM customers'))[0])
// #endregion
