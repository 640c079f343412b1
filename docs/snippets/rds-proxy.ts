import { createPool, iam } from 'warmpool'

export const pool = createPool({
  connection: { host: 'shop.proxy-c1a2b3.eu-central-1.rds.amazonaws.com', user: 'shop', database: 'shop' },
  credentials: iam(),
  proxy: { pinning: 'refuse' },
})
