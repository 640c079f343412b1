import { lookAtName, lookAtPort } from './address.ts'
import { lookAtCredentials } from './credentials.ts'
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
import { Silence } from './server.ts'
import { lookAtGreeting } from './speech.ts'
import { readerOf } from './subject.ts'
import { lookAtTrust } from './trust.ts'
import { withoutUrls, wordsOf } from './words.ts'

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
  /** Of the reader; else of the pool itself. */
  readonly reader: boolean
  readonly todo: string | null
}

type Clean = Pick<Step, 'said' | 'todo' | 'facts'>

export interface DiagnoseOptions {
  /** How long one answer may take, milliseconds; a step that asks several times may take several times as long. */
  readonly limit: number
  /** Told each step when it is done. */
  readonly told?: (step: Step) => void
}

const LOOKS: Readonly<Record<StepName, Look>> = { ...ON_THE_WAY, ...INSIDE }
export const STEPS = Object.keys(LOOKS) as StepName[]

/** Of a reader: what would connect is the same. */
export const STEPS_OF_READER = STEPS.filter((step) => step !== 'environment')

/**
 * Connects as a pool of the project would, step by step; after a fault on the way, or silence, the rest is skipped. Then the same for
 * its reader, where it has one, whatever was found before. Never throws.
 */
export async function diagnose(
  project: Project,
  subject: Subject,
  { limit, told = () => {} }: DiagnoseOptions,
): Promise<Step[]> {
  const examinations: Examination[] = []
  const steps: Step[] = []
  const lookAt = async (subject: Subject): Promise<Examination> => {
    const examination = new Examination(project, subject, limit)
    examinations.push(examination)
    await examine(examination, (step, { verdict, said, todo, facts }) => {
      const secrets = examinations.flatMap((each) => each.secrets)
      const clean = withoutSecrets({ said, todo, facts }, secrets) as Clean
      const shown = { step, reader: subject.reader, verdict, ...clean }
      steps.push(shown)
      told(shown)
    })
    return examination
  }
  try {
    const reader = readerOf(await lookAt(subject))
    if (reader) await lookAt(reader)
  } finally {
    // The reader's first: a pool ends its reader with itself, and waits for what that has lent.
    for (const examination of examinations.reverse()) await examination.end()
  }
  return steps
}

async function examine(
  examination: Examination,
  tell: (step: StepName, finding: Finding) => void,
): Promise<void> {
  const { subject } = examination
  const steps: readonly StepName[] = subject.reader ? STEPS_OF_READER : STEPS
  let stopped: Finding | undefined
  for (const step of steps) {
    const finding = stopped ?? (await carefully(LOOKS[step], examination))
    tell(step, finding)
    if (finding === SILENCE || (step in ON_THE_WAY && finding.verdict === 'fault'))
      stopped ??= skipped(`not looked at, because of the fault in ${step}`)
  }
}

/** What a step does not foresee is a finding, too. */
async function carefully(look: Look, examination: Examination): Promise<Finding> {
  try {
    return await look(examination)
  } catch (error) {
    if (error instanceof Silence) return SILENCE
    return fault(wordsOf(examination.project.warmpool, error), undefined, {
      code: (error as { code?: unknown } | undefined)?.code,
    })
  }
}

const SILENCE = fault('the server gave no answer in time', 'look at whether it hangs or is overloaded')

const LEAST_SECRET = 4

/** Whatever others say, a password or token is not passed on, nor what a terminal would take for more than text. */
function withoutSecrets(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') {
    const hidden = secrets.filter((secret) => secret.length >= LEAST_SECRET)
    hidden.sort((one, other) => other.length - one.length) // one may begin as another does
    const shown = hidden.reduce((text, secret) => text.replaceAll(secret, '***'), value)
    return withoutUrls(shown).replace(/\p{Cc}+/gu, ' ')
  }
  if (Array.isArray(value)) return value.map((each) => withoutSecrets(each, secrets))
  if (typeof value !== 'object' || value === null) return value ?? null // a document has the same keys each time
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutSecrets(each, secrets)]))
}
