import { build } from 'esbuild'
import { GuardedDirectory } from '../database/guarded-directory.ts'
import { bundle } from '../function/bundle.ts'
import { EXIT, orExit, refuse } from './failure.ts'
import type { Held } from './interruption.ts'
import type { Target } from './target.ts'

/**
 * Looks at the source before anything is started for it: that it can be bundled, and has the export.
 * @throws CommandError in one sentence: the first thing that is wrong with it
 */
export async function checkSource({ source, exportName }: Target, held: Held): Promise<void> {
  const directory = await held.keep(new GuardedDirectory())
  const { file } = await orExit(EXIT.usage, () => bundle(source, directory.path))
  const exported = await exportsOf(file)
  await directory.remove()
  if (exported.includes(exportName)) return
  // What a CommonJS module exports only shows when it is run.
  if (exported.includes('default') && !(await isModule(source))) return
  if (exported.length === 0) refuse(`${source} exports nothing, and so no '${exportName}'.`)
  const others = `${exported.join(', ')} (to take one, write ${source}:${exported[0]})`
  refuse(`${source} exports no '${exportName}', but ${others}.`)
}

async function isModule(source: string): Promise<boolean> {
  const { metafile } = await build({
    entryPoints: [source],
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  return Object.values(metafile.inputs).some(({ format }) => format === 'esm')
}

async function exportsOf(file: string): Promise<string[]> {
  const { metafile } = await build({
    entryPoints: [file],
    format: 'esm',
    write: false,
    metafile: true,
    logLevel: 'silent',
  })
  return Object.values(metafile.outputs)[0]?.exports ?? []
}
