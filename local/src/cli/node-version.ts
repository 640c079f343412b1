import { EXIT, type ExitCode } from './failure.ts'

/** What package.json asks for in `engines`, which npm only warns of. */
const LEAST = [22, 13] as const

/** Says so when this Node is older than what we run on. @returns the exit code then */
export function outdatedNode(
  version: string = process.versions.node,
  say: (text: string) => void = (text) => void process.stderr.write(text),
): ExitCode | undefined {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (major > LEAST[0] || (major === LEAST[0] && minor >= LEAST[1])) return undefined
  say(
    `warmpool-local needs Node ${LEAST.join('.')} or newer, and this is ${version}: npm i -D node@24 brings one.\n`,
  )
  return EXIT.usage
}
