import { misfits } from './properties.ts'
import { deadEnds } from './references.ts'
import type { Template } from './template.ts'

/**
 * What CloudFormation would refuse in a template, as far as its published description tells: types, properties and their kinds,
 * required ones, values to choose from, references and attributes, circles. A sentence each; none when all is well.
 */
export function mistakesIn(template: Template): string[] {
  return [
    ...Object.entries(template.Resources).flatMap(([name, resource]) => misfits(name, resource)),
    ...deadEnds(template),
  ]
}
