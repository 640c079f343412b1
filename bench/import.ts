import { mkdir, writeFile } from 'node:fs/promises'
import { pathToFileURL } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build } from 'esbuild'
import type { Table } from './measure/bench.ts'
import { MEASURED } from './measure/cpu.ts'
import { figure } from './measure/figure.ts'
import { PinnedProcess } from './measure/pinned-process.ts'

export const title =
  'What warmpool adds to mysql2: time to import, size, and whether it brings the AWS SDK along'

const PROCESSES = 15
const DIRECTORY = '.bench'
const SDK = '@aws-sdk/*'
const HANDLER = `import mysqlPool from 'warmpool'; export const middleware = mysqlPool()`
const IAM_HANDLER = `import mysqlPool, { iam } from 'warmpool'; export const middleware = mysqlPool({ credentials: iam() })`

export async function run(): Promise<Table> {
  const bundle = await bundled(`export * from 'warmpool'`, ['mysql2', SDK])
  return {
    'an empty module': { import: figure(await importTimes(await written('empty.mjs', '')), 'ms') },
    'warmpool, as installed': { import: figure(await importTimes(import.meta.resolve('warmpool')), 'ms', 3) },
    'warmpool, bundled': {
      import: figure(await importTimes(await written('warmpool.mjs', bundle)), 'ms', 3),
      minified: figure([kilobytes(bundle)], 'KB'),
      gzipped: figure([kilobytes(gzipSync(bundle))], 'KB', 12),
    },
    'a handler without iam()': { 'AWS SDK': figure([await sdkIn(HANDLER)], 'KB', 0) },
    'a handler with iam()': { 'AWS SDK': figure([await sdkIn(IAM_HANDLER)], 'KB') },
  }
}

async function importTimes(url: string): Promise<number[]> {
  const times: number[] = []
  for (let n = 0; n < PROCESSES; n++) {
    await using process = await PinnedProcess.start<string, number>('importer.ts', MEASURED)
    times.push(await process.ask(url))
  }
  return times
}

/** A file beside which `mysql2` is found. */
async function written(name: string, contents: string | Uint8Array): Promise<string> {
  await mkdir(DIRECTORY, { recursive: true })
  await writeFile(`${DIRECTORY}/${name}`, contents)
  return pathToFileURL(`${DIRECTORY}/${name}`).href
}

async function bundled(source: string, external: string[]): Promise<Uint8Array> {
  const { outputFiles } = await build({ ...options(source), external, write: false })
  return (outputFiles[0] as { contents: Uint8Array }).contents
}

/** How much of a handler's bundle comes from the AWS SDK and what it needs. */
async function sdkIn(source: string): Promise<number> {
  const { metafile } = await build({ ...options(source), external: ['mysql2'], write: false, metafile: true })
  const inputs = Object.values(metafile.outputs).flatMap((output) => Object.entries(output.inputs))
  const ofSdk = inputs.filter(([path]) => /node_modules\/(@aws-sdk|@aws-crypto|@smithy)\//.test(path))
  return ofSdk.reduce((sum, [, { bytesInOutput }]) => sum + bytesInOutput, 0) / 1024
}

function options(contents: string): BuildOptions {
  return {
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
  }
}

function kilobytes(bytes: Uint8Array): number {
  return bytes.length / 1024
}
