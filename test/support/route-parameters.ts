const EVERYWHERE = {
  dbName: 'shop',
  dbUser: 'shop',
  dbMigrationUser: 'shop_migration',
  vpcId: 'vpc-1',
  subnetIds: 'subnet-1,subnet-2',
}
/** Only the created proxy has them. */
export const TOPIC = 'arn:aws:sns:eu-west-1:123456789012:alarms'
const OF_THE_ACCOUNT = 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:'
export const SECRETS = {
  shop: `${OF_THE_ACCOUNT}shop-AbCdEf`,
  migration: `${OF_THE_ACCOUNT}migration-AbCdEf`,
}
export const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/1234abcd'
/** With what a route needs and nothing else, so that osls finds no other parameter. */
export const ROUTES = {
  existing: {
    ...EVERYWHERE,
    route: 'existing-proxy',
    dbHost: 'theirs.proxy-abc.eu-west-1.rds.amazonaws.com',
    dbResourceId: 'prx-0123',
    proxyName: 'theirs',
    proxySecurityGroupId: 'sg-proxy',
  },
  created: {
    ...EVERYWHERE,
    route: 'created-proxy',
    dbSecurityGroupId: 'sg-database',
    dbKind: 'cluster',
    dbIdentifier: 'shop',
    dbSecret: SECRETS.shop,
    dbMigrationSecret: SECRETS.migration,
    dbSecretKey: KEY,
    alarmTopic: TOPIC,
  },
}
