#!/usr/bin/env node
import { run } from './program.ts'

const exitCode = await run(process.argv.slice(2))
process.exitCode = exitCode
// What was interrupted while it started may still be starting; the guards of processes and directories end it with us.
if (exitCode > 128) process.exit()
