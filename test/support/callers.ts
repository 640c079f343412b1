import type { Turns, Waiting } from '../../src/slots/turns.ts'

/** Who waits for a turn. The first letter of the name is the owner's. */
export class Caller implements Waiting<Caller> {
  ahead: Caller | undefined
  behind: Caller | undefined
  inLine = false
  place = 0
  readonly owner: object
  readonly name: string

  constructor(name: string, owner: object = ownerOf(name)) {
    this.owner = owner
    this.name = name
  }
}

const owners = new Map<string, object>()
function ownerOf(name: string): object {
  const letter = name.charAt(0)
  if (!owners.has(letter)) owners.set(letter, { letter })
  return owners.get(letter) as object
}

export function stepsAside(turns: Turns<Caller>): Caller {
  const first = turns.first as Caller
  turns.stepAside(first)
  return first
}
