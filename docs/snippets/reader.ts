import { createPool } from 'warmpool'

export const pool = createPool({
  connection: 'mysql://shop@shop.cluster-abc.eu-west-1.rds.amazonaws.com/shop',
  reader: { connection: { host: 'shop.cluster-ro-abc.eu-west-1.rds.amazonaws.com' }, connectionLimit: 1 },
})
