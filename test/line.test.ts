import { expect, test } from 'vitest'
import { Line, type Standing } from '../src/slots/line.ts'

/** Counts how many neighbours are looked at. */
class Walker implements Standing<Walker> {
  static steps = 0
  inLine = false
  place = 0
  #ahead: Walker | undefined
  #behind: Walker | undefined

  get ahead() {
    Walker.steps++
    return this.#ahead
  }

  set ahead(one: Walker | undefined) {
    this.#ahead = one
  }

  get behind() {
    Walker.steps++
    return this.#behind
  }

  set behind(one: Walker | undefined) {
    this.#behind = one
  }
}

function takenFrom(line: Line<Walker>): Walker[] {
  const taken: Walker[] = []
  for (let one = line.first; one; one = line.first) {
    taken.push(one)
    line.remove(one)
  }
  return taken
}

test.each([100, 10_000])('leaving costs the same anywhere in a line of %i', (length) => {
  const line = new Line<Walker>()
  const walkers = Array.from({ length }, () => new Walker())
  for (const walker of walkers) line.push(walker)
  for (const at of [0, length / 2, length - 1]) {
    Walker.steps = 0
    line.remove(walkers[at] as Walker)
    expect(Walker.steps).toBeLessThan(10)
  }
  expect(line.length).toBe(length - 3)
})

test('who leaves leaves no gap', () => {
  const line = new Line<Walker>()
  const walkers = Array.from({ length: 6 }, () => new Walker())
  for (const walker of walkers) line.push(walker)
  for (const at of [0, 3, 5, 3]) line.remove(walkers[at] as Walker)
  expect(takenFrom(line).map((one) => walkers.indexOf(one))).toEqual([1, 2, 4])
  expect(line.length).toBe(0)
})

test('who comes back has the place that was his', () => {
  const line = new Line<Walker>()
  const walkers = Array.from({ length: 4 }, () => new Walker())
  for (const walker of walkers) line.push(walker)
  for (const at of [0, 1, 2]) line.remove(walkers[at] as Walker)
  for (const at of [2, 0, 1]) line.putBack(walkers[at] as Walker)
  expect(takenFrom(line).map((one) => walkers.indexOf(one))).toEqual([0, 1, 2, 3])
})
