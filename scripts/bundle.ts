import { writeFile } from 'node:fs/promises'
import { join, parse } from 'node:path'
import { type BuildFailure, build } from 'esbuild'

/**
 * Bundles a handler as `custom.esbuild` of serverless.yml does: minified, one ES module, no token signer.
 *
 * @param entry a TypeScript file
 * @returns the path of the .mjs file that was written into `directory`
 * @throws the first thing that is wrong with the source, with its place
 */
export async function bundle(entry: string, directory: string): Promise<string> {
  const bundling = build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    external: ['@aws-sdk/rds-signer'],
    // mysql2 is CommonJS: inside an ES module it needs a `require` for Node's built-in modules.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    write: false, // esbuild's own process might still write when this one has ended
    logLevel: 'silent',
  })
  const { outputFiles } = await bundling.catch(({ errors, message }: BuildFailure) => {
    const { location, text } = errors[0] ?? { location: null, text: message }
    throw new Error(location ? `${location.file}:${location.line}: ${text}` : text)
  })
  const file = join(directory, `${parse(entry).name}.mjs`)
  await writeFile(file, outputFiles[0]?.contents ?? '')
  return file
}
