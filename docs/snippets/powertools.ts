const host = 'shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com'
// #region
import { getSecret } from '@aws-lambda-powertools/parameters/secrets'
import { createPool } from 'warmpool'

export const pool = createPool({
  connection: { host, database: 'shop' },
  credentials: async ({ renew }) => {
    const text = await getSecret('shop/database', { maxAge: 3600, forceFetch: renew })
    const { username, password } = JSON.parse(String(text))
    return { user: username, password }
  },
})
// #endregion
