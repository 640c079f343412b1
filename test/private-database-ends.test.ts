import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { startDatabase } from '../local/src/database/database.ts'

const SCRATCH = mkdtempSync(join(tmpdir(), 'e-'))

beforeAll(() => {
  vi.stubEnv('DATABASE_URL', undefined)
})

afterAll(() => rmSync(SCRATCH, { recursive: true, force: true }))

describe('the directory and process of a private database are gone', { timeout: 30_000 }, () => {
  const endings = {
    'at the end of the program': { code: '', signal: undefined },
    'after process.exit()': { code: 'process.exit(3)', signal: undefined },
    'after an uncaught exception': { code: 'throw new Error("crash")', signal: undefined },
    'after Ctrl-C': { code: 'setInterval(() => {}, 1000)', signal: 'SIGINT' },
    'after SIGTERM': { code: 'setInterval(() => {}, 1000)', signal: 'SIGTERM' },
    'after kill -9': { code: 'setInterval(() => {}, 1000)', signal: 'SIGKILL' },
  } as const

  it.concurrent.for(Object.entries(endings))('%s', async ([_name, { code, signal }], { expect }) => {
    const { program, temporary } = runProgram(`console.log(db.pid, db.directory); ${code}`)
    const exited = once(program, 'exit')
    const [pid, directory] = (await firstLine(program)).split(' ')
    expect(directory).toContain(temporary)
    // To the whole group, as a terminal does it.
    if (signal !== undefined) process.kill(-Number(program.pid), signal)
    await exited
    await expect.poll(() => isRunning(Number(pid)), { timeout: 10_000 }).toBe(false)
    await expect.poll(() => readdirSync(temporary), { timeout: 10_000 }).toEqual([])
  })

  it.concurrent.for([0, 100, 250, 400])('after kill -9 %i ms into the start', async (delay, { expect }) => {
    const { program, temporary } = runProgram('')
    await expect.poll(() => readdirSync(temporary), { interval: 1, timeout: 10_000 }).not.toEqual([])
    await sleep(delay)
    program.kill('SIGKILL')
    await once(program, 'exit')
    const left = () => [...readdirSync(temporary), ...processesNaming(temporary)]
    await expect.poll(left, { timeout: 10_000 }).toEqual([])
  })

  it('after it was disposed of, also when stopped before', async () => {
    const db = await startDatabase({ tls: false })
    await db.stop()
    await db[Symbol.asyncDispose]()
    await db[Symbol.asyncDispose]()
    expect(existsSync(String(db.directory))).toBe(false)
  })
})

/** A program of its own that starts a database as `db`, with a temporary directory of its own. */
function runProgram(then: string): { program: ChildProcess; temporary: string } {
  const temporary = mkdtempSync(join(SCRATCH, 't-'))
  const module = new URL('../local/src/database/database.ts', import.meta.url)
  const code = `import { startDatabase } from '${module}'\nconst db = await startDatabase()\n${then}`
  const program = spawn(process.execPath, ['--input-type=module', '--eval', code], {
    env: { ...process.env, TMPDIR: temporary },
    stdio: ['ignore', 'pipe', 'ignore'],
    detached: true,
  })
  return { program, temporary }
}

async function firstLine(program: ChildProcess): Promise<string> {
  if (program.stdout === null) throw new Error('The program prints nowhere.')
  for await (const line of createInterface(program.stdout)) return line
  throw new Error('The program printed nothing.')
}

function processesNaming(text: string): string[] {
  if (!existsSync('/proc/self/cmdline')) {
    const all = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })
    return all.split('\n').filter((line) => line.includes(text))
  }
  return readdirSync('/proc').filter((pid) => commandLine(pid).includes(text))
}

/** Empty for what is not a process, or not one any more. */
function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
  } catch {
    return false
  }
  return !isZombie(pid)
}

/** In a container without an init process nobody collects the dead. */
function isZombie(pid: number): boolean {
  return existsSync(`/proc/${pid}/stat`) && readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
}
