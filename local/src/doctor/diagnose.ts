import { lookAtName, lookAtPort } from './address.ts'
import { inTime, lookAtCredentials } from './credentials.ts'
import { Examination, type Subject } from './examination.ts'
import { type Finding, fault, skipped } from './finding.ts'
import {
  lookAtCharacterSet,
  lookAtConnections,
  lookAtProxy,
  lookAtReadOnly,
  lookAtRoundTrip,
  lookAtVersion,
  lookAtWaitTimeout,
} from './inside.ts'
import { lookAtLogin } from './login.ts'
import { lookAtEnvironment, lookAtTarget } from './place.ts'
import { lookAtPrivileges } from './privileges.ts'
import type { Project } from './project.ts'
import { lookAtGreeting } from './speech.ts'
import { lookAtTrust } from './trust.ts'
import { wordsOf } from './words.ts'

type Look = (examination: Examination) => Promise<Finding>

/** On the way in each needs the one before. */
const ON_THE_WAY = {
  environment: lookAtEnvironment,
  target: lookAtTarget,
  dns: lookAtName,
  tcp: lookAtPort,
  greeting: lookAtGreeting,
  tls: lookAtTrust,
  credentials: lookAtCredentials,
  authentication: lookAtLogin,
} as const satisfies Record<string, Look>

/** Inside each stands for itself. */
const INSIDE = {
  version: lookAtVersion,
  connections: lookAtConnections,
  wait_timeout: lookAtWaitTimeout,
  read_only: lookAtReadOnly,
  round_trip: lookAtRoundTrip,
  proxy: lookAtProxy,
  privileges: lookAtPrivileges,
  character_set: lookAtCharacterSet,
} as const satisfies Record<string, Look>

export type StepName = keyof typeof ON_THE_WAY | keyof typeof INSIDE

/** What was looked at, and what was found. */
export interface Step extends Omit<Finding, 'todo'> {
  readonly step: StepName
  readonly todo: string | null
}

type Clean = Pick<Step, 'said' | 'todo' | 'facts'>

export interface DiagnoseOptions {
  /** How long one answer may take, milliseconds; a step that asks several times may take several times as long. */
  readonly limit: number
  /** Told each step when it is done. */
  readonly told?: (step: Step) => void
}

export const STEPS = Object.keys({ ...ON_THE_WAY, ...INSIDE }) as StepName[]

/** Connects as a pool of the project would, step by step; after a fault on the way, or silence, the rest is skipped. Never throws. */
export async function diagnose(
  project: Project,
  subject: Subject,
  { limit, told = () => {} }: DiagnoseOptions,
): Promise<Step[]> {
  const examination = new Examination(project, subject, limit)
  const steps: Step[] = []
  const tell = (step: StepName, finding: Finding) => {
    const { verdict, said, todo, facts } = finding
    const shown = { step, verdict, ...(withoutSecrets({ said, todo, facts }, examination.secrets) as Clean) }
    steps.push(shown)
    told(shown)
  }
  try {
    let stopped: Finding | undefined
    for (const [step, look] of Object.entries(ON_THE_WAY) as [StepName, Look][]) {
      const finding = stopped ?? (await carefully(look, examination))
      tell(step, finding)
      if (finding.verdict === 'fault') stopped = skipped(`not looked at, because of the fault in ${step}`)
    }
    for (const [step, look] of Object.entries(INSIDE) as [StepName, Look][]) {
      const finding = stopped ?? (await inTime(carefully(look, examination), limit, SILENCE))
      tell(step, finding)
      if (finding === SILENCE) stopped = skipped(`not looked at, because of the fault in ${step}`)
    }
  } finally {
    await examination.end()
  }
  return steps
}

/** What a step does not foresee is a finding, too. */
async function carefully(look: Look, examination: Examination): Promise<Finding> {
  try {
    return await look(examination)
  } catch (error) {
    return fault(wordsOf(examination.project.warmpool, error), undefined, {
      code: (error as { code?: unknown } | undefined)?.code,
    })
  }
}

const SILENCE = fault('the server gave no answer in time', 'look at whether it hangs or is overloaded')

const LEAST_SECRET = 4
/** Of a URL that was never read, such as one in what a program's own function has thrown; not of our own example of one. */
const IN_URL = /(\b\w+:\/\/)(?!user:password@)\S*@/g

/** Whatever others say, a password or token is not passed on, nor what a terminal would take for more than text. */
function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') {
    const hidden = secrets.filter((secret) => secret.length >= LEAST_SECRET)
    const shown = hidden.reduce((text, secret) => text.replaceAll(secret, '***'), value)
    return shown.replace(IN_URL, '$1***@').replace(/\p{Cc}+/gu, ' ')
  }
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, secrets))
  if (typeof value !== 'object' || value === null) return value ?? null // a document has the same keys each time
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSecrets(each, secrets)]))
}
