import type { ChildProcess } from 'node:child_process'
import { escapeId, escape as quote } from 'mysql2'
import type { ConnectionOptions } from 'mysql2/promise'
import type { DataTemplate } from './data-template.ts'

/** What a private server is made from. */
export interface Plan {
  /** Where everything of it lies. */
  readonly directory: string
  readonly database: string
  readonly user: string
  readonly password: string
  readonly rootPassword: string
  readonly tls: boolean
}

export type Command = readonly [program: string, ...args: string[]]

/** What has to be run before a server's first start. */
export interface Installation {
  readonly command: Command
  /** Which it makes. */
  readonly data: string
  /** To be copied in place of running it. */
  readonly template?: DataTemplate
}

/** How servers of one kind are made and run. */
export interface Recipe {
  readonly name: string
  /** Whether the process that we start is the server itself, with its Unix socket in our directory. */
  readonly onThisMachine: boolean
  /** What has to be run once the server is done with, besides ending its process and deleting its directory. */
  readonly cleanUp: readonly string[]
  /** Writes what the server needs. Returns what else there is to do before its first start, if anything. */
  prepare(plan: Plan): Promise<Installation | undefined>
  /** @param first whether it never ran before */
  start(plan: Plan, port: number, first: boolean): Command
  administrator(plan: Plan, port: number): ConnectionOptions
  signal(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void
}

/**
 * Small files and no waiting for the disk. A power cut's losses do not matter here; what must survive `kill -9` is in
 * the kernel's hands by then. Not every version knows the last two.
 */
export const QUICK = [
  '--innodb-flush-method=nosync',
  '--loose-innodb-log-file-size=8M',
  '--loose-sync-frm=OFF',
]

/** What every server of ours is told. */
export const SHARED_OPTIONS = [
  '--skip-name-resolve',
  '--skip-log-bin',
  '--character-set-server=utf8mb4',
  '--innodb-buffer-pool-size=32M',
  // MySQL's second protocol has a port of its own, on which two servers would meet.
  '--loose-mysqlx=OFF',
  ...QUICK,
]

/** The statements that make the schema and its user, who may do anything there and nothing elsewhere. */
export function setUpStatements({ user, password, database }: Plan): string[] {
  const account = `${quote(user)}@'%'`
  // The schema of a GRANT is a pattern, in which `_` and `%` stand for other characters.
  const pattern = escapeId(database.replace(/[_%]/g, '\\$&'), true)
  return [
    `CREATE DATABASE ${escapeId(database, true)}`,
    `CREATE USER ${account} IDENTIFIED BY ${quote(password)}`,
    `GRANT ALL ON ${pattern}.* TO ${account}`,
  ]
}
