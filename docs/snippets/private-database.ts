import { startDatabase } from 'warmpool-local'

const database = await startDatabase()
console.log(database.url) // mysql://…, with its password
process.once('SIGINT', () => database[Symbol.asyncDispose]())
