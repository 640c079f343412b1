/** A text with variables in it, in order; a text alone has one piece. */
export type Template = readonly (string | Variable)[]

/** `${self:custom.a, 'b'}`: its sources are tried from the left. */
export interface Variable {
  /** As it is written, for messages. */
  readonly text: string
  readonly sources: readonly Source[]
}

/** Where a value may come from. */
export type Source =
  | { readonly literal: string | number | boolean | null }
  | {
      readonly type: string
      readonly params: readonly Template[]
      readonly address: Template | undefined
    }

const TYPE = /^[a-z][a-zA-Z0-9]*(?=[:(])(?!::)/
const LITERAL = /^(true|false|null|-?[0-9][0-9.]*)\s*(?=[,}])/
const QUOTED = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')/

/**
 * Reads the variables of a text as the Serverless Framework does: `${AWS::Region}` and `${Name}`, which are CloudFormation's,
 * stay as they are, and so does `\${…}`, without its backslash.
 * @throws when a variable is begun and not written as one
 */
export function parseTemplate(text: string): Template {
  const reader = new Reader(text)
  return reader.template('')
}

class Reader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  /** Up to one of the characters, or the end of the text when there are none. */
  template(end: string): Template {
    const pieces: (string | Variable)[] = []
    let plain = ''
    while (this.#at < this.#text.length && !end.includes(this.#text[this.#at] ?? '')) {
      const variable = this.#escaped() ?? this.#variable()
      if (typeof variable === 'object') {
        if (plain) pieces.push(plain)
        pieces.push(variable)
        plain = ''
      } else plain += variable ?? this.#text[this.#at++]
    }
    if (plain) pieces.push(plain)
    return pieces
  }

  /** Backslashes before a variable: two are one, and one that is left takes the variable's meaning away. */
  #escaped(): string | undefined {
    const slashes = this.#match(/^\\+(?=\$\{)/)?.length ?? 0
    if (slashes === 0) return undefined
    return '\\'.repeat(slashes / 2) + (slashes % 2 === 1 ? (this.#match(/^\$\{/) ?? '') : '')
  }

  #variable(): Variable | undefined {
    const start = this.#at
    if (this.#match(/^\$\{/) === undefined) return undefined
    if (!TYPE.test(this.#rest)) {
      this.#at = start
      return undefined
    }
    const sources: Source[] = []
    do sources.push(this.#source(sources.length === 0))
    while (this.#match(/^,\s*/) !== undefined)
    if (this.#match(/^\}/) === undefined) this.#refuse()
    return { text: this.#text.slice(start, this.#at), sources }
  }

  #source(first: boolean): Source {
    if (!first) {
      const literal = this.#quoted() ?? this.#match(LITERAL)
      if (literal !== undefined) return { literal: literalValue(literal) }
    }
    const type = this.#match(TYPE)
    if (type === undefined) this.#refuse()
    const params = this.#match(/^\(/) === undefined ? [] : this.#params()
    const address = this.#match(/^:\s*/) === undefined ? undefined : this.#word(',}')
    return { type, params, address: address?.length === 0 ? undefined : address }
  }

  #params(): Template[] {
    const params: Template[] = []
    do {
      this.#match(/^\s+/)
      params.push(this.#word(',)'))
    } while (this.#match(/^,/) !== undefined)
    if (this.#match(/^\)\s*/) === undefined) this.#refuse()
    return params
  }

  #word(end: string): Template {
    const quoted = this.#quoted()
    if (quoted !== undefined) return [String(literalValue(quoted))]
    return trimmed(this.template(end))
  }

  /** A quoted text with its quotes. */
  #quoted(): string | undefined {
    const quoted = this.#match(QUOTED)
    if (quoted !== undefined) this.#match(/^\s+/)
    return quoted
  }

  get #rest(): string {
    return this.#text.slice(this.#at)
  }

  #match(pattern: RegExp): string | undefined {
    const [found] = pattern.exec(this.#rest) ?? []
    if (found !== undefined) this.#at += found.length
    return found?.trim()
  }

  #refuse(): never {
    const near = this.#rest === '' ? 'its end' : `'${this.#rest.slice(0, 20)}'`
    throw new Error(`'${this.#text}' holds a variable that is not written as one, at ${near}.`)
  }
}

function literalValue(text: string): string | number | boolean | null {
  if (text.startsWith("'")) return text.slice(1, -1)
  return JSON.parse(text)
}

function trimmed(template: Template): Template {
  const last = template.length - 1
  return template
    .map((piece, index) => (typeof piece === 'string' && index === last ? piece.trimEnd() : piece))
    .filter((piece) => piece !== '')
}
