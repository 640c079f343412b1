import { createPool, secret } from 'warmpool' // npm install @aws-sdk/client-secrets-manager

const host = 'shop.cluster-abcdefghijkl.eu-central-1.rds.amazonaws.com'
export const pool = createPool({
  connection: { host, database: 'shop' },
  credentials: secret({ secretId: 'shop/database' }), // a name or an ARN
})
