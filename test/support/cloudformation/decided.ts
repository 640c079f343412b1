import { functionOf, isNoValue, isObject, type Resource, type Template } from './template.ts'

type Conditions = Readonly<Record<string, boolean>>

/** The resources that a template makes, its conditions decided as CloudFormation does. */
export function decided(template: Template): Record<string, Resource> {
  const conditions = Object.fromEntries(
    Object.entries(template.Conditions ?? {}).map(([name, condition]) => [name, holds(condition)]),
  )
  return Object.fromEntries(
    Object.entries(template.Resources)
      .filter(([, { Condition }]) => Condition === undefined || conditions[Condition])
      .map(([name, resource]) => [name, chosen(resource, conditions) as Resource]),
  )
}

function holds(condition: unknown): boolean {
  const [name, argument] = functionOf(condition) ?? []
  if (name === 'Fn::Not') return !holds((argument as unknown[])[0])
  if (name !== 'Fn::Equals')
    throw new Error(`${JSON.stringify(condition)} is no condition that is used here.`)
  const [left, right] = argument as unknown[]
  return left === right
}

function chosen(value: unknown, conditions: Conditions): unknown {
  const [name, argument] = functionOf(value) ?? []
  if (name === 'Fn::If') {
    const [condition, whenTrue, whenFalse] = argument as [string, unknown, unknown]
    return chosen(conditions[condition] ? whenTrue : whenFalse, conditions)
  }
  if (Array.isArray(value))
    return value.map((each) => chosen(each, conditions)).filter((each) => !isNoValue(each))
  if (!isObject(value)) return value
  const entries = Object.entries(value).map(([key, each]) => [key, chosen(each, conditions)] as const)
  return Object.fromEntries(entries.filter(([, each]) => !isNoValue(each)))
}
