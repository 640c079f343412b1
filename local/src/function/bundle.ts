import { existsSync, realpathSync } from 'node:fs'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { isBuiltin } from 'node:module'
import { dirname, join, parse, resolve } from 'node:path'
import { type BuildFailure, type BuildResult, build } from 'esbuild'

/** What may be chosen about a bundle. */
export interface BundleOptions {
  /**
   * Modules that are left out, as esbuild's `external`; default `['@aws-sdk/*']`, which Lambda's runtime brings along. What the
   * source imports of them is found where the source finds it.
   */
  readonly external?: readonly string[]
  /** Whether a source map is put beside it; default false. Node reads it with `--enable-source-maps`. */
  readonly sourceMaps?: boolean
}

/** A handler as it is deployed. */
export interface Bundle {
  /** The .mjs file. */
  readonly file: string
  /** The files it was made from, by their whole paths. */
  readonly sources: readonly string[]
}

/** mysql2 is CommonJS: inside an ES module it needs a `require` for Node's built-in modules. */
const REQUIRE = "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);"

/**
 * Bundles a handler as it is deployed: minified, one ES module, without the AWS SDK.
 *
 * @param entry a TypeScript or JavaScript file
 * @param directory where the bundle is put, under the source's name
 * @throws Error in one sentence: the first thing that is wrong with the source, with its place
 * @example
 * const { file } = await bundle('handlers/get-order.ts', directory)
 */
export async function bundle(entry: string, directory: string, options: BundleOptions = {}): Promise<Bundle> {
  if (!existsSync(entry)) throw new Error(`There is no handler file ${entry}${exportHint(entry)}.`)
  const file = join(directory, `${parse(entry).name}.mjs`)
  const { outputFiles, metafile } = await buildOrSay(entry, file, options)
  // Written by us: esbuild's own process might still write when this one has ended.
  await Promise.all(outputFiles.map(({ path, contents }) => writeFile(path, contents)))
  await linkPackages(packagesLeftOut(metafile), entry, directory)
  return { file, sources: Object.keys(metafile.inputs).map((path) => resolve(path)) }
}

async function buildOrSay(entry: string, file: string, { external, sourceMaps }: BundleOptions) {
  try {
    return await build({
      entryPoints: [entry],
      outfile: file,
      bundle: true,
      minify: true,
      platform: 'node',
      target: 'node24',
      format: 'esm',
      external: [...(external ?? ['@aws-sdk/*'])],
      banner: { js: REQUIRE },
      ...(sourceMaps && { sourcemap: 'linked', sourcesContent: false }),
      write: false,
      metafile: true,
      logLevel: 'silent',
    })
  } catch (error) {
    const { errors, message } = error as BuildFailure
    const { location, text } = errors?.[0] ?? { location: null, text: message }
    const sentence = text.replace(/(?<![.!?])$/, '.')
    throw new Error(location ? `${location.file}:${location.line}: ${sentence}` : sentence)
  }
}

/** For who writes `file.ts:name`, as on the command line. */
function exportHint(entry: string): string {
  const [, file = '', name] = /^(.+):([\w$]+)$/.exec(entry) ?? []
  return existsSync(file) ? `; the export of ${file} is named by exportName: '${name}'` : ''
}

/** The names of the packages that the bundle still imports. */
function packagesLeftOut(metafile: NonNullable<BuildResult['metafile']>): string[] {
  const imports = Object.values(metafile.outputs).flatMap((output) => output.imports)
  const left = imports.filter(({ external, path }) => external && !isBuiltin(path) && /^[@\w]/.test(path))
  const names = left.map(({ path }) => /^(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path)
  return [...new Set(names)]
}

/** Makes packages found from where the bundle lies as they are from its source; those that are not there stay missing. */
async function linkPackages(names: string[], entry: string, directory: string): Promise<void> {
  for (const name of names) {
    const found = packageSeenFrom(dirname(resolve(entry)), name)
    const link = join(directory, 'node_modules', name)
    if (found === undefined || existsSync(link)) continue
    await mkdir(dirname(link), { recursive: true })
    await symlink(realpathSync(found), link, 'dir')
  }
}

function packageSeenFrom(directory: string, name: string): string | undefined {
  const found = join(directory, 'node_modules', name)
  if (existsSync(found)) return found
  const above = dirname(directory)
  return above === directory ? undefined : packageSeenFrom(above, name)
}
