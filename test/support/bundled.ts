import { build } from 'esbuild'

/** How much of a bundle of this program is the AWS SDK's, in bytes, by esbuild's own account. */
export async function bytesOfAws(program: string): Promise<number> {
  const { metafile } = await build({
    stdin: { contents: program, resolveDir: process.cwd() },
    bundle: true,
    metafile: true,
    write: false,
    platform: 'node',
    format: 'esm',
    external: ['mysql2'],
  })
  const [output] = Object.values(metafile.outputs)
  return Object.entries(output?.inputs ?? {})
    .filter(([file]) => /@aws-sdk|@smithy/.test(file))
    .reduce((total, [, { bytesInOutput }]) => total + bytesInOutput, 0)
}
