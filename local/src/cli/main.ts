import { outdatedNode } from './node-version.ts'
import { run } from './program.ts'

const exitCode = outdatedNode() ?? (await run(process.argv.slice(2)))
process.exitCode = exitCode
// What was interrupted while it started may still be starting; the guards of processes and directories end it with us.
if (exitCode > 128) process.exit()
// A name that is still being looked up, or what the module of --pool has opened besides, is waited for no longer.
if (process.argv[2] === 'doctor') setTimeout(() => process.exit(), 500).unref()
