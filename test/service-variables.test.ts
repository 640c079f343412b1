// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables of serverless.yml are written like this
import { describe, expect, it } from 'vitest'
import { Unresolved } from '../local/src/service/unresolved.ts'
import { type Surroundings, Variables } from '../local/src/service/variables.ts'
import { parseYaml } from '../local/src/service/yaml-file.ts'

const SURROUNDINGS: Surroundings = {
  directory: import.meta.dirname,
  options: {},
  params: { told: 'by the command' },
  env: { HOME_TOWN: 'Bern', EMPTY: '' },
}

function resolve(yaml: string, path: string, surroundings: Partial<Surroundings> = {}): unknown {
  return new Variables(parseYaml(yaml, 'serverless.yml'), { ...SURROUNDINGS, ...surroundings }).get(path)
}

// What osls resolves alike is held by service-resolved-as-osls.test.ts.
describe('a variable of serverless.yml', () => {
  it.each([
    ['${env:HOME_TOWN}', 'Bern'],
    ["${env:EMPTY, 'b'}", ''],
    ['${param:told}', 'by the command'],
    ["${env:NONE, env:NEITHER, 'c'}", 'c'],
    ["${ssm:/path/key, 'in its place'}", 'in its place'],
    ['${env:NONE, 0}', 0],
    ['a ${env:HOME_TOWN} b ${param:told} c', 'a Bern b by the command c'],
    ['${AWS::Region} ${Name}', '${AWS::Region} ${Name}'],
    ['${aws::region} ${ssm::x}', '${aws::region} ${ssm::x}'],
    ['$5 ${} ${ } { }', '$5 ${} ${ } { }'],
    ['\\${env:HOME_TOWN}', '${env:HOME_TOWN}'],
    ["${strToBool(${env:NONE, 'TRUE'})}", true],
    ['${aws:region}', 'us-east-1'],
    ['${sls:stage}', 'dev'],
  ])('%s is %j', (text, value) => {
    expect(resolve(`x: ${JSON.stringify(text)}`, 'x')).toBe(value)
  })

  it('takes the stage and its params as the command says', () => {
    const yaml =
      'provider: { stage: dev }\nparams: { prod: { a: 1 }, default: { a: 2, b: 3 } }\nx: "${param:a}${param:b}"'
    expect(resolve(yaml, 'x')).toBe('23')
    expect(resolve(yaml, 'x', { options: { stage: 'prod' } })).toBe('13')
    expect(resolve(yaml, 'x', { options: { stage: 'prod' }, params: { b: 'told' } })).toBe('1told')
  })

  it.each([
    ['${ssm:/path/key}', '${ssm:/path/key}', 'is known only in an AWS account'],
    ['a${cf:stack.Output}', 'a${cf:stack.Output}', 'is known only in an AWS account'],
    ['${cf(eu-west-1):stack.Output}', '${cf(eu-west-1):stack.Output}', 'is known only in an AWS account'],
    ['${aws:accountId}', '${aws:accountId}', 'is known only in an AWS account'],
    ['${env:NONE}', '${env:NONE}', 'is not set in this environment'],
    [
      '${self:there.${param:none}}',
      '${self:there.${param:none}}',
      'is given by no --param and not in the stage dev',
    ],
    ['${file(secret.js):key}', '${file(secret.js):key}', 'comes from a program, which is not run here'],
    ['${slef:there}', '${slef:there}', "has the source 'slef', which is not known here"],
  ])('%s is left for whoever needs it', (text, told, reason) => {
    expect(resolve(`x: ${JSON.stringify(text)}`, 'x')).toEqual(new Unresolved(told, reason))
  })

  it('hides what is behind one that is not known', () => {
    expect(resolve('a: "${ssm:/x}"\nx: "${self:a.b.c}"', 'x')).toEqual(
      new Unresolved('${ssm:/x}', 'is known only in an AWS account'),
    )
  })

  it('is not looked at while nobody asks for it', () => {
    expect(resolve('bad: "${self:bad}"\nx: "${self:good}"\ngood: 1', 'x')).toBe(1)
  })

  it('may be needed by another part of what stands beside it', () => {
    const within = 'a: "${file(services/variables/beside.yml)}"\nx: "${self:a.needs}"'
    expect(resolve(within, 'x')).toBe(1)
    expect(resolve('a: { b: "${self:a.c}", c: 1 }\nz: "${self:a}"\nx: "${self:z.b}"', 'x')).toBe(1)
    expect(resolve('a: { b: 1 }\nz: "${self:a}"\nx: "${self:z.c, 2}"', 'x')).toBe(2)
  })

  it('stays unknown in a text, from wherever it comes', () => {
    const within = 'a: "${file(services/variables/beside.yml)}"\nx: "of ${self:a.unknown}"'
    expect(resolve(within, 'x')).toEqual(
      new Unresolved('of ${self:a.unknown}', 'is given by no --param and not in the stage dev'),
    )
  })

  it.each([
    ['x: "${self:typo.there}"', 'x is ${self:typo.there}, which has no value.'],
    ['x: "${opt:none}"', 'x is ${opt:none}, which has no value.'],
    [
      'x: "${self:a}"\na: "${self:b.c}"\nb: { c: "${self:x}" }',
      'x needs a needs b.c needs x: that is a circle.',
    ],
    ['x: "${self:x}"', 'x needs x: that is a circle.'],
    ['x: "${self:y}"\ny: { z: "${self:y}" }', 'y.z needs y.z: that is a circle.'],
    ['x: "a ${self:y}"\ny: { z: 1 }', 'x has ${self:y} within a text, but that is an object.'],
    ['x: "${self:y"', "'${self:y' holds a variable that is not written as one, at its end."],
    [
      'x: "${self:y, ${self:z}}"',
      "'${self:y, ${self:z}}' holds a variable that is not written as one, at '${self:z}}'.",
    ],
    [
      'x: "${strToBool(maybe)}"',
      "x is ${strToBool(maybe)}, where 'maybe' came, but must be true, false, 1 or 0.",
    ],
    ['x: "${file()}"', 'x is ${file()}, which says nothing in its parentheses.'],
    ['x: "${file(none.yml)}"', 'x is ${file(none.yml)}, which has no value.'],
    ['a: 1\nx: [1, 2', 'serverless.yml:2 is not YAML: '],
    ['x: 1\nx: 2', 'serverless.yml:2 is not YAML: Map keys must be unique'],
  ])('of %j is refused in one sentence', (yaml, sentence) => {
    expect(() => resolve(yaml, 'x')).toThrow(sentence)
  })
})
