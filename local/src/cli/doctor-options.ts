import { readFileSync } from 'node:fs'
import type { Given } from '../doctor/subject.ts'
import { refuse } from './failure.ts'
import { time } from './option-values.ts'

/** What `doctor` was asked for. */
export interface DoctorOptions extends Given {
  /** A module that exports a pool; nothing else says then where to connect. */
  readonly pool: { readonly file: string; readonly exportName: string | undefined } | undefined
  /** Milliseconds. */
  readonly timeout: number
  readonly json: boolean
}

/** The options as commander hands them over. */
export interface GivenDoctorOptions {
  url?: string
  iam?: boolean
  secret?: string
  ca?: string
  tls?: boolean
  proxy?: boolean
  pool?: string
  timeout?: string
  json?: boolean
}

const WITH_EXPORT = /^(.+\.[cm]?[jt]sx?):([\p{ID_Start}$_][\p{ID_Continue}$]*)$/u

/** @throws CommandError: the first that is wrong */
export function readDoctorOptions(given: GivenDoctorOptions): DoctorOptions {
  refuseUrls(given)
  refuseContradictions(given)
  const [, file, exportName] = WITH_EXPORT.exec(given.pool ?? '') ?? []
  const options = {
    url: given.url,
    iam: given.iam ?? false,
    secret: given.secret,
    ca: given.ca === undefined ? undefined : readAuthorities(given.ca),
    tls: given.tls ?? true,
    proxy: given.proxy ?? false,
    pool: given.pool === undefined ? undefined : { file: file ?? given.pool, exportName },
    timeout: time('--timeout', given.timeout ?? '5s'),
    json: given.json ?? false,
  }
  if (options.timeout === 0)
    refuse(`--timeout is '${given.timeout}', but must be a time such as 2s or 500ms.`)
  return options
}

const WHERE = ['url', 'iam', 'secret', 'ca', 'proxy'] as const

function refuseContradictions(given: GivenDoctorOptions): void {
  const { pool, iam, secret, ca, tls } = given
  const beside = tls === false ? '--no-tls' : WHERE.find((name) => given[name])
  if (pool !== undefined && beside !== undefined)
    refuse(`--pool says where to connect and how: leave out ${beside.replace(/^(?!-)/, '--')}, or --pool.`)
  if (iam && secret !== undefined) refuse('--iam and --secret are two ways to get in: take one.')
  if (ca !== undefined && tls === false)
    refuse('--ca says whom to trust in TLS, which --no-tls switches off: take one.')
}

/** What these take is repeated where it is wrong, and a URL has a password in it. */
function refuseUrls({ pool, ca, secret, timeout }: GivenDoctorOptions): void {
  for (const [option, text] of Object.entries({ pool, ca, secret, timeout }))
    if (text?.includes('://')) refuse(`--${option} takes no URL: --url does.`)
}

function readAuthorities(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch {
    return refuse(`--ca is ${file}, but there is no such file to be read.`)
  }
  if (/-----BEGIN (TRUSTED )?CERTIFICATE-----/.test(text)) return text
  return refuse(`--ca is ${file}, which holds no certificate in PEM.`)
}
