import { createRequire } from 'node:module'
import type { Database } from 'warmpool-local'
import { writeBlock } from '../page-block.ts'
import { serverName } from '../server-view.ts'
import type { Contestant } from './stage.ts'
import type { Result, Step } from './step.ts'

/** Writes what was measured between the README's two marks: a row for each failure, then the notes. */
export async function writeFigures(
  rows: ReadonlyMap<Step, readonly Result[]>,
  contestants: readonly Contestant[],
  database: Database,
): Promise<void> {
  await writeBlock(
    'README.md',
    'figures',
    `${table(rows, contestants)}\n\n${notes(rows, contestants, database)}`,
  )
}

function table(rows: ReadonlyMap<Step, readonly Result[]>, contestants: readonly Contestant[]): string {
  const cells = [...rows].flatMap(([{ failure }, results]) =>
    failure === undefined ? [] : [[failure, ...results.map(({ said }) => said)]],
  )
  const head = ['', ...contestants.map(({ name }) => name)]
  return [head, head.map(() => '---'), ...cells].map((row) => `| ${row.join(' | ')} |`).join('\n')
}

function notes(
  rows: ReadonlyMap<Step, readonly Result[]>,
  contestants: readonly Contestant[],
  database: Database,
): string {
  const known = [...rows].flatMap(([{ note }, results]) =>
    note === undefined
      ? []
      : [`${note} ${results.map(({ said }, at) => `${said} (${contestants[at]?.name})`).join(', ')}`],
  )
  const { version } = createRequire(import.meta.url)('mysql2/package.json') as { version: string }
  return [
    `When the kernel knows of it at the thaw, every other time after the invocation: ${known.join('; ')}.`,
    `Measured by \`npm run demo -- --readme\` with mysql2 ${version}, ${serverName(database)}, Node ${process.versions.node}.`,
  ].join('\n')
}
