import { isScalar, LineCounter, type Node, parseDocument, Scalar, visit, YAMLMap } from 'yaml'

const SHORT_NAMES = ['Ref', 'Condition']

/**
 * A YAML (or JSON) text as plain values; CloudFormation's tags become what they are short for: `!Ref A` is `{ Ref: 'A' }` and
 * `!GetAtt A.Arn` is `{ 'Fn::GetAtt': ['A', 'Arn'] }`.
 * @param name the file's, for messages
 * @throws what is wrong with it, with its line
 */
export function parseYaml(text: string, name: string): unknown {
  const lines = new LineCounter()
  // Unknown tags are warnings, which are ours to deal with.
  const document = parseDocument(text, { merge: true, logLevel: 'error', lineCounter: lines })
  const [error] = document.errors
  if (error) {
    const { line } = lines.linePos(error.pos[0])
    throw new Error(`${name}:${line} is not YAML: ${error.message.split(/ at line|\n/)[0]}.`)
  }
  visit(document, {
    Scalar: (key, node) => (key === 'key' ? undefined : longForm(node)),
    Collection: (_key, node) => longForm(node),
  })
  return document.toJS()
}

/** The map that a tag is short for; visited again, by when the tag is gone. */
function longForm(node: Node & { tag?: string | undefined; anchor?: string }): Node | undefined {
  const [, name] = /^!([A-Z]\w*)$/.exec(node.tag ?? '') ?? []
  if (name === undefined) return undefined
  const long = new YAMLMap()
  if (node.anchor !== undefined) long.anchor = node.anchor
  delete node.anchor
  delete node.tag
  long.set(new Scalar(SHORT_NAMES.includes(name) ? name : `Fn::${name}`), argument(name, node))
  return long
}

function argument(name: string, node: Node): unknown {
  if (name !== 'GetAtt' || !isScalar(node)) return node
  const [resource = '', ...attribute] = String(node.value).split('.')
  return [resource, attribute.join('.')]
}
