import { localLambda, startDatabase } from 'warmpool-local'

await using database = await startDatabase() // DATABASE_URL, else a private MariaDB or MySQL, else Docker's
await database.query('CREATE TABLE IF NOT EXISTS customers (id INT PRIMARY KEY, name VARCHAR(50))')
await using lambda = await localLambda({ handler: 'src/get-customer.ts', database })

await lambda.invoke({ id: 1 }) // cold: bundled, and loaded by a process of its own
await lambda.freeze() // really stopped, as Lambda does between invocations
await database.killConnections()
const thawed = await lambda.invoke({ id: 1 }) // waits in the container as it wakes
console.log(thawed.ok, thawed.start, thawed.connections) // true thawed { opened: 1, reused: 0, replaced: 1, open: 1 }
console.log(await lambda.connections()) // the server's own list, each with the number of its container
