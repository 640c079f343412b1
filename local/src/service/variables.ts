import { readFileSync } from 'node:fs'
import { extname, resolve } from 'node:path'
import { parseTemplate, type Source, type Template, type Variable } from './template.ts'
import { IN_AN_ACCOUNT, Unresolved } from './unresolved.ts'
import { parseYaml } from './yaml-file.ts'

/** What variables are resolved from, beside the configuration itself. */
export interface Surroundings {
  /** Where `${file(…)}` starts. */
  readonly directory: string
  /** `${opt:…}`: what the command was told, `stage` and `region` among it. */
  readonly options: Readonly<Record<string, string>>
  /** `${param:…}`: what the command was told; it goes before the configuration's. */
  readonly params: Readonly<Record<string, string>>
  /** `${env:…}`. */
  readonly env: Readonly<Record<string, string | undefined>>
}

type Json = Readonly<Record<string, unknown>>

const ONLY_IN_AN_ACCOUNT = ['ssm', 'cf', 's3']

/**
 * A configuration with the Serverless Framework's variables in it, resolved as they are asked for: what nobody asks for may hold
 * anything. A value that is not known on this machine resolves to {@link Unresolved}.
 */
export class Variables {
  readonly #configuration: unknown
  readonly #from: Surroundings
  /** What is being resolved, outermost first. */
  readonly #underWay: string[] = []

  constructor(configuration: unknown, from: Surroundings) {
    this.#configuration = configuration
    this.#from = from
  }

  /**
   * The value at a path such as `functions.getOrder.timeout`, resolved to its last leaf; undefined when there is none.
   * @throws in one sentence that names the path: no value, a cycle, what is not written as a variable
   */
  get(path: string): unknown {
    return this.#within(this.#configuration, keysOf(path), '')
  }

  /** The stage: as told, else the provider's, else `dev`. */
  get stage(): string {
    return this.#from.options.stage ?? textOr('dev', this.get('provider.stage'))
  }

  /** The region: as told, else the provider's, else `us-east-1`. */
  get region(): string {
    return this.#from.options.region ?? textOr('us-east-1', this.get('provider.region'))
  }

  /** Follows the keys, through variables that stand for whole objects. @param root what messages call the value */
  #within(value: unknown, keys: readonly string[], root: string): unknown {
    let here = value
    let path = root
    for (const [at, key] of keys.entries()) {
      if (typeof here === 'string') return this.#leaf(here, path, keys.slice(at))
      if (here instanceof Unresolved) return here
      if (typeof here !== 'object' || here === null || !Object.hasOwn(here, key)) return undefined
      here = (here as Json)[key]
      path = path === '' ? key : `${path}.${key}`
    }
    return this.#deep(here, path)
  }

  #deep(value: unknown, path: string): unknown {
    if (typeof value === 'string') return this.#leaf(value, path)
    if (typeof value !== 'object' || value === null || value instanceof Unresolved) return value
    const below = (key: string | number, part: unknown) =>
      this.#deep(part, path ? `${path}.${key}` : `${key}`)
    if (Array.isArray(value)) return value.map((part, index) => below(index, part))
    return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, below(key, part)]))
  }

  /** @param keys what of the value is asked for: the rest of it may need what is being resolved */
  #leaf(text: string, path: string, keys: readonly string[] = []): unknown {
    const asked = [path, ...keys].join('.')
    if (this.#underWay.includes(asked)) {
      const circle = [...this.#underWay.slice(this.#underWay.indexOf(asked)), asked]
      throw new Error(`${circle.join(' needs ')}: that is a circle.`)
    }
    this.#underWay.push(asked)
    try {
      return this.#template(parseTemplate(text), text, path, keys)
    } finally {
      this.#underWay.pop()
    }
  }

  #template(template: Template, text: string, path: string, keys: readonly string[] = []): unknown {
    const [first, ...more] = template
    if (typeof first === 'object' && more.length === 0) return this.#variable(first, path, keys)
    if (keys.length > 0) return undefined // of a text
    const values = template.map((piece) => (typeof piece === 'string' ? piece : this.#variable(piece, path)))
    const unknown = values.find((value) => value instanceof Unresolved)
    if (unknown) return new Unresolved(text, unknown.reason)
    return values
      .map((value, index) => {
        if (value !== null && (typeof value !== 'object' || Array.isArray(value))) return String(value)
        const { text } = template[index] as Variable
        throw new Error(
          `${path} has ${text} within a text, but that is ${value === null ? 'null' : 'an object'}.`,
        )
      })
      .join('')
  }

  #variable({ text, sources }: Variable, path: string, keys: readonly string[] = []): unknown {
    let unresolved: Unresolved | undefined
    for (const source of sources) {
      if ('literal' in source) return keys.length > 0 ? undefined : source.literal
      const value = this.#source(source, text, path, keys)
      // What to take in its place is said behind it.
      if (value instanceof Unresolved) unresolved ??= value
      else if (value !== undefined && value !== null) return value
    }
    if (unresolved || keys.length > 0) return unresolved
    throw new Error(`${path} is ${text}, which has no value.`)
  }

  #source(
    source: Exclude<Source, { literal: unknown }>,
    text: string,
    path: string,
    keys: readonly string[],
  ): unknown {
    const { type } = source
    if (ONLY_IN_AN_ACCOUNT.includes(type)) return new Unresolved(text, IN_AN_ACCOUNT)
    const address = source.address && this.#template(source.address, text, path)
    if (address instanceof Unresolved) return address
    const name = address === undefined ? '' : String(address)
    switch (type) {
      case 'self':
        return this.get([...(name === '' ? [] : [name]), ...keys].join('.'))
      case 'opt':
        return this.#from.options[name]
      case 'env':
        return this.#from.env[name] ?? new Unresolved(text, 'is not set in this environment')
      case 'param':
        return (
          this.#param(name) ??
          new Unresolved(text, `is given by no --param and not in the stage ${this.stage}`)
        )
      case 'sls':
        return name === 'stage' ? this.stage : new Unresolved(text, 'is known only to a deployment')
      case 'aws':
        return name === 'region' ? this.region : new Unresolved(text, IN_AN_ACCOUNT)
      case 'strToBool':
        return toBoolean(this.#parameter(source, text, path), text, path)
      case 'file':
        return this.#file(this.#parameter(source, text, path), [...keysOf(name), ...keys], text)
      default:
        return new Unresolved(text, `has the source '${type}', which is not known here`)
    }
  }

  #parameter({ params }: { params: readonly Template[] }, text: string, path: string): unknown {
    const [parameter] = params
    if (parameter === undefined || parameter.length === 0)
      throw new Error(`${path} is ${text}, which says nothing in its parentheses.`)
    return this.#template(parameter, text, path)
  }

  #param(name: string): unknown {
    return (
      this.#from.params[name] ??
      this.#within(this.#configuration, ['params', this.stage, name], '') ??
      this.#within(this.#configuration, ['params', 'default', name], '')
    )
  }

  #file(name: unknown, keys: readonly string[], text: string): unknown {
    if (name instanceof Unresolved) return name
    const extension = extname(String(name))
    if (/^\.[cm]?[jt]s$/.test(extension))
      return new Unresolved(text, 'comes from a program, which is not run here')
    const content = readIfThere(resolve(this.#from.directory, String(name)), text)
    if (content === undefined) return undefined
    const structured = ['.yml', '.yaml', '.json', '.tfstate'].includes(extension)
    if (!structured) return this.#deep(content, `file(${name})`)
    return this.#within(parseYaml(content, String(name)), keys, `file(${name})`)
  }
}

function keysOf(path: string): string[] {
  return path === '' ? [] : path.split('.')
}

function textOr(otherwise: string, value: unknown): string {
  return typeof value === 'string' ? value : otherwise
}

function toBoolean(value: unknown, text: string, path: string): unknown {
  if (value instanceof Unresolved) return value
  const word = String(value).trim().toLowerCase()
  if (word === 'true' || word === '1') return true
  if (word === 'false' || word === '0') return false
  throw new Error(`${path} is ${text}, where '${value}' came, but must be true, false, 1 or 0.`)
}

function readIfThere(file: string, text: string): string | undefined {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new Error(`The file of ${text} cannot be read: ${message}.`)
  }
}
