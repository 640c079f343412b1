import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { zipSync } from 'fflate'
import { startDatabase } from '../../local/src/database/database.ts'
import { surroundings } from '../../local/src/database/sources.ts'
import { bundle } from '../../local/src/function/bundle.ts'
import { writeBlock } from '../../scripts/page-block.ts'
import { seed } from '../../scripts/seed.ts'
import { createPool } from '../../src/index.ts'
import { CELLS, type Cell, type Facts, type Seen } from './cells.ts'
import { install, versions } from './install.ts'
import { InvokeLocal } from './invoke-local.ts'
import { SERVICE } from './program.ts'
import { ServerlessOffline } from './serverless-offline.ts'
import { markdown, render } from './table.ts'
import type { Bed, Tool, ToolName } from './tool.ts'
import { WarmpoolLocal } from './warmpool-local.ts'

/** Of the developer, and no function's business. */
const SHELL = { DEVELOPERS_OWN: 'secret', AWS_DEVELOPERS_OWN: 'secret' }

const UNZIPPED = join(SERVICE, 'artifact.mjs')

/**
 * `npm run compare [-- --only TEXT] [-- --write]`: what handlers are run with locally, and which of the things that Lambda does each
 * shows, all of it tried; with `--write`, writes the table of docs/local-tools.md. `--only` tries the lines with TEXT in their title.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { only: { type: 'string', default: '' }, write: { type: 'boolean', default: false } },
  })
  if (values.write && values.only)
    throw new Error('--write writes the whole table, and does not go with --only.')
  const cells = CELLS.filter(({ title }) => title.includes(values.only))
  if (cells.length === 0) throw new Error(`No line has ${JSON.stringify(values.only)} in its title.`)
  install()
  Object.assign(process.env, SHELL)
  const { DATABASE_URL: _, ...env } = process.env // it is written to, and connections are killed
  await using database = await startDatabase({}, { ...surroundings(), env })
  await using pool = createPool({ connection: database.url })
  await seed(pool)
  const directory = mkdtempSync(join(tmpdir(), 'local-tools-'))
  try {
    const bed = { database, artifact: await packaged(directory), directory, shell: SHELL }
    const results = await tryAll(cells, bed)
    const tried = Object.entries(versions()).map(([name, version]) => `${name} ${version}`)
    const note = `Tried by \`npm run compare -- --write\` with ${tried.join(', ')}, Node ${process.versions.node}.`
    console.log(`${render(results)}\n\n${note}`)
    if (values.write) await writeBlock('docs/local-tools.md', 'compared', `${markdown(results)}\n\n${note}`)
  } finally {
    for (const path of [directory, UNZIPPED, join(SERVICE, '.esbuild'), join(SERVICE, '.serverless-offline')])
      rmSync(path, { recursive: true, force: true })
  }
}

/** As `osls package` would: a bundle, and a zip with it at its root. For who reads no zip it lies in the service, too. */
async function packaged(directory: string): Promise<Bed['artifact']> {
  const { file: module } = await bundle(join(SERVICE, 'probe.ts'), directory, { sourceMaps: false })
  const zip = join(directory, 'artifact.zip')
  writeFileSync(zip, zipSync({ 'artifact.mjs': readFileSync(module) }))
  copyFileSync(module, UNZIPPED)
  return { module, zip }
}

async function tryAll(cells: readonly Cell[], bed: Bed): Promise<Map<string, Record<ToolName, Seen>>> {
  const tools: Tool[] = [new InvokeLocal(bed), new ServerlessOffline(bed), new WarmpoolLocal(bed)]
  const results = new Map<string, Record<ToolName, Seen>>()
  let files = 0
  const facts: Facts = {
    file: () => join(bed.directory, `written-${++files}`),
    kill: () => bed.database.killConnections(),
  }
  for (const cell of cells) {
    const row: Partial<Record<ToolName, Seen>> = {}
    for (const tool of tools) {
      row[tool.name] = await seen(cell, tool, facts)
      const { shown, note = '' } = row[tool.name] as Seen
      console.error(`${cell.title} | ${tool.name}: ${shown ? 'yes' : 'no'} ${note}`)
    }
    results.set(cell.title, row as Record<ToolName, Seen>)
  }
  return results
}

/** A tool that cannot do what a cell begins with does not show it. */
async function seen(cell: Cell, tool: Tool, facts: Facts): Promise<Seen> {
  try {
    return await cell.try(tool, facts)
  } catch (error) {
    console.error(`  ${(error as Error).message}`)
    return { shown: false }
  }
}

main().catch((error: Error) => {
  console.error(error.message)
  process.exit(1)
})
