import { startContainer, startDatabase } from 'warmpool-local'

await using database = await startDatabase() // DATABASE_URL, else a private MariaDB or MySQL, else Docker's
await using container = await startContainer({
  handler: 'dist/handlers/get-order.mjs', // bundled as it is deployed
  env: { DATABASE_URL: database.url },
})
await container.invoke({ pathParameters: { id: '1' } }) // cold
await container.freeze() // really stopped, as Lambda does between invocations
await database.killConnections()
const thawed = await container.invoke({ pathParameters: { id: '1' } }) // waits in the container as it wakes
console.log(container.runtime, thawed.ok, await database.connections())
