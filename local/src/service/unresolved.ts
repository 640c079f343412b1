/** A value that is not known on this machine, as it is written; it may be part of a longer text. */
export class Unresolved {
  readonly text: string
  /** The end of a sentence that begins with the text: `is known only in an AWS account`. */
  readonly reason: string

  constructor(text: string, reason: string) {
    this.text = text
    this.reason = reason
  }
}

export const IN_AN_ACCOUNT = 'is known only in an AWS account'

/** What CloudFormation would make of a value when it deploys: `!GetAtt …`, or a text with `{{resolve:…}}`. */
export function deploysTo(value: unknown): Unresolved | undefined {
  if (typeof value === 'string' && value.includes('{{resolve:')) return new Unresolved(value, IN_AN_ACCOUNT)
  if (typeof value !== 'object' || value === null || value instanceof Unresolved) return undefined
  const [key, ...more] = Object.keys(value)
  if (key === undefined || more.length > 0 || !/^(Ref|Fn::\w+)$/.test(key)) return undefined
  return new Unresolved(`${shortName(key)} ${asText(Object.values(value)[0])}`, IN_AN_ACCOUNT)
}

const shortName = (key: string) => `!${key.replace('Fn::', '')}`

function asText(argument: unknown): string {
  if (typeof argument === 'string') return argument
  if (Array.isArray(argument) && argument.every((part) => typeof part === 'string')) return argument.join('.')
  return JSON.stringify(argument)
}
