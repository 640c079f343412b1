import { type Finding, fault } from './finding.ts'

export type Advice = readonly (readonly [sign: RegExp, todo: string])[]

/** What a pool refuses, where it was the command line and the environment that said it. */
export const ON_COMMAND_LINE: Advice = [
  [
    /^connection: received nothing/,
    'say --url mysql://user:password@host:port/database, or set DATABASE_URL, or DB_HOST and the others',
  ],
  [/^(connection\.)?user: received nothing/, 'name the user in the URL, or set DB_USER'],
  [/^iam\.region: received nothing/, 'set AWS_REGION, or connect to the endpoint itself, whose name has it'],
  [
    /^credentials: .* beside connection\.password/,
    'leave the password out of the URL (or DB_PASSWORD), or leave --iam or --secret out',
  ],
  [
    /^credentials: .* without TLS/,
    'leave --no-tls out for an RDS endpoint, where TLS is on by itself; for another say --ca FILE',
  ],
  [/^tls: .* beside connection\.ssl/, 'leave ssl out of the URL, or --ca and --no-tls out'],
]

const KEYS = "look at where this shell's AWS keys come from (AWS_ACCESS_KEY_ID, AWS_PROFILE, aws sso login)"

/** What AWS says of keys, whatever they are for. */
const OF_KEYS: Advice = [
  [/Region is missing/i, 'set AWS_REGION'],
  [
    /load credentials|CredentialsProvider|ExpiredToken|security token|UnrecognizedClient|InvalidSignature|\bSSO\b/i,
    KEYS,
  ],
]

/** By what gives the credentials. */
export const OF_CREDENTIALS: Readonly<Record<string, Advice>> = {
  'iam()': [...OF_KEYS, [/./, KEYS]],
  'secret()': [
    [
      /AccessDenied/,
      "look at secretsmanager:GetSecretValue for this shell's AWS keys, and at kms:Decrypt where the secret has a key of its own",
    ],
    [/ResourceNotFound/, "look at the secret's id, its region and its account"],
    ...OF_KEYS,
    [
      /no answer in|TimeoutError|timed out|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT/,
      "look at the region, and at the way to AWS's services: from within a VPC it takes a NAT gateway or an interface endpoint",
    ],
    [
      /could not be read/,
      "look at the secret's id and region, at this shell's AWS keys, and at secretsmanager:GetSecretValue for them",
    ],
  ],
  'a function': [[/./, 'look at the function that credentials names']],
}

/** What to do by the first sign that fits. */
export function todoBy(advice: Advice, words: string): string | undefined {
  return advice.find(([sign]) => sign.test(words))?.[1]
}

/** Of `what is in the way; look at what`, as connecting says it, or `what came; accepted: what`, as refusals do. */
export function faultOf(sentence: string, facts: Finding['facts']): Finding {
  const [, said = sentence, todo] =
    /^(.*?); ((?:look at|accepted:) .*)$/s.exec(sentence) ?? /^(.*): (npm install .*)$/s.exec(sentence) ?? []
  return fault(said, todo, facts)
}
