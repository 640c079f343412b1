import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { createConnection } from 'mysql2/promise'
import type { Database } from '../database/database.ts'
import { CommandError, EXIT, messageOf, refuse } from './failure.ts'
import type { Held } from './interruption.ts'

const MODULES = ['.ts', '.mts', '.js', '.mjs', '.cjs', '.cts']

/** @throws CommandError unless the file is there and of a kind that {@link runSetup} runs */
export function checkSetup(file: string): void {
  if (![...MODULES, '.sql'].includes(extname(file)))
    refuse(`--setup is '${file}', but must be a .sql file or a module (${MODULES.join(', ')}).`)
  if (!existsSync(file)) refuse(`There is no setup file ${file}.`)
}

/**
 * Prepares the database: the statements of a .sql file, or a module whose default export is called with the database's URL. A module
 * runs in a process of its own, with the URL in DATABASE_URL as well; what it prints is told line by line.
 *
 * @throws CommandError in one sentence when it fails
 */
export async function runSetup(
  file: string,
  database: Database,
  held: Held,
  onOutput: (line: string) => void,
): Promise<void> {
  checkSetup(file)
  if (extname(file) === '.sql') await runStatements(file, database)
  else await runModule(file, database, held, onOutput)
}

async function runStatements(file: string, { url }: Database): Promise<void> {
  const sql = await readFile(file, 'utf8')
  if (sql.trim() === '') return
  const connection = await createConnection({ uri: url, multipleStatements: true })
  try {
    await connection.query(sql)
  } catch (error) {
    throw new CommandError(EXIT.notStarted, `The setup ${file} failed: ${messageOf(error)}.`)
  } finally {
    connection.destroy()
  }
}

async function runModule(
  file: string,
  { url }: Database,
  held: Held,
  onOutput: (line: string) => void,
): Promise<void> {
  const runner = fileURLToPath(
    new URL(`setup-module${extname(fileURLToPath(import.meta.url))}`, import.meta.url),
  )
  const child = spawn(process.execPath, [runner, pathToFileURL(resolve(file)).href], {
    env: { ...process.env, DATABASE_URL: url },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  void held.keep(killed(child))
  let failure: string | undefined
  child.on('message', (message) => {
    failure = String(message)
  })
  for (const stream of [child.stdout, child.stderr])
    if (stream) createInterface({ input: stream }).on('line', onOutput)
  const [code, signal] = await once(child, 'close')
  if (code === 0 && failure === undefined) return
  const how = failure ?? `its process ended with ${signal ?? `exit status ${code}`}`
  throw new CommandError(EXIT.notStarted, `The setup ${file} failed: ${how}.`)
}

function killed(child: ChildProcess): AsyncDisposable {
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null || child.signalCode !== null) return
      child.kill('SIGKILL')
      await once(child, 'exit')
    },
  }
}
