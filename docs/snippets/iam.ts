import { createPool, iam } from 'warmpool' // npm install @aws-sdk/rds-signer

const host = 'shop.proxy-abcdefghijkl.eu-central-1.rds.amazonaws.com'
export const pool = createPool({ connection: { host, user: 'shop', database: 'shop' }, credentials: iam() })
