import { stripVTControlCharacters } from 'node:util'
import { describe, expect, test } from 'vitest'
import { initFailure, type Report, summary } from '../local/src/cli/report.ts'
import { type Outlet, Screen, type ScreenOptions } from '../local/src/cli/screen.ts'
import { shortened } from '../local/src/cli/table.ts'

const ORDER = { statusCode: 200, body: `{"items":"${'kettle, '.repeat(40)}"}` }
const cold: Report = {
  invocation: 1,
  container: 1,
  start: 'cold',
  ok: true,
  response: ORDER,
  status: 'success',
  durationMs: 12.345,
  initMs: 181.2,
  suppressedInitMs: undefined,
  billedMs: 194,
  maxMemoryMb: 80,
  killed: 0,
  opened: 1,
  reused: 0,
  replaced: 0,
  server: 1,
  requestId: 'a',
}
const warm: Report = { ...cold, invocation: 2, start: 'warm', initMs: undefined, opened: 0, reused: 1 }
const thawed: Report = {
  ...warm,
  invocation: 3,
  start: 'thawed',
  opened: 1,
  reused: 0,
  replaced: 1,
  killed: 1,
}
const thrown: Report = {
  ...warm,
  invocation: 104,
  durationMs: 14_900,
  ok: false,
  error: {
    errorType: 'TypeError',
    errorMessage: 'not\n\u001b[2Jtoday',
    trace: ['TypeError: not', 'today', '    at handler'],
  },
}
const OPTIONS = { json: false, full: false, quiet: false, database: true, containers: false }

interface Terminal {
  columns?: number
  isTTY?: boolean
  env?: NodeJS.ProcessEnv
}

/** Takes down what is written. */
class Paper implements Outlet {
  text = ''
  readonly columns?: number
  readonly isTTY?: boolean

  constructor(terminal: Terminal = {}) {
    if (terminal.columns !== undefined) this.columns = terminal.columns
    if (terminal.isTTY !== undefined) this.isTTY = terminal.isTTY
  }

  write(text: string): void {
    this.text += text
  }
}

/** What the screen shows of it. */
function shown(
  show: (screen: Screen) => void,
  options: Partial<ScreenOptions> = {},
  terminal: Terminal = {},
) {
  const [stdout, stderr] = [new Paper(terminal), new Paper(terminal)]
  const { signal } = new AbortController()
  show(new Screen({ ...OPTIONS, ...options }, signal, { stdout, stderr, env: terminal.env ?? {} }))
  return { out: stdout.text, err: stderr.text, lines: stdout.text.trimEnd().split('\n') }
}

const showAll = (screen: Screen) => {
  for (const report of [cold, warm, thawed, thrown]) screen.report(report)
}

describe('the table', () => {
  test('has a line for each invocation, under one heading, each number under its name', () => {
    const { lines } = shown(showAll, {}, { columns: 160 })
    expect(lines).toHaveLength(5)
    const [heading = '', ...rows] = lines
    const end = (name: string) => heading.indexOf(name) + name.length
    const cells = (name: string) => rows.map((row) => row.slice(0, end(name)).split(/ {2,}/).at(-1)?.trim())
    expect(cells('duration')).toEqual(['12.3 ms', '12.3 ms', '12.3 ms', '14.90 s'])
    expect(cells('opened')).toEqual(['1', '0', '1', '0'])
    expect(cells('reused')).toEqual(['0', '1', '0', '1'])
    expect(cells('replaced')).toEqual(['0', '0', '1', '0'])
    expect(cells('server')).toEqual(['1', '1', '1', '1'])
    expect(rows.map((row) => row.trimStart().split(/ +/).slice(0, 2).join(' '))).toEqual([
      '1 cold',
      '2 warm',
      '3 thawed',
      '104 warm',
    ])
    expect(lines[1]).toContain('182 ms')
    expect(lines[1]).toContain('194 ms')
  })

  test.each([60, 80, 100, 120, 200])(
    'is never wider than a terminal of %d, where that holds the columns',
    (columns) => {
      const { lines } = shown(showAll, { containers: true }, { columns })
      for (const line of lines.filter((each) => /answer|"statusCode|TypeError/.test(each)))
        expect(line.length).toBeLessThanOrEqual(columns)
      expect(lines.filter((line) => line.includes('"statusCode":200'))).toHaveLength(3)
      expect(lines.filter((line) => line.endsWith('…'))).toHaveLength(3)
    },
  )

  test('says nothing to the terminal but text, whatever an error says', () => {
    const { out } = shown(showAll, {}, { columns: 160 })
    expect(out).not.toContain('\u001b')
    expect(out).toMatch(/TypeError: not \[2Jtoday$/m)
  })

  test('shows responses and errors whole on demand', () => {
    const { out } = shown(showAll, { full: true }, { columns: 80 })
    expect(out).toContain(JSON.stringify(ORDER.body))
    expect(out).toContain('     TypeError: not\n     today\n         at handler\n')
  })

  test('has no columns of connections without a database', () => {
    const { lines } = shown(showAll, { database: false }, { columns: 160 })
    expect(lines[0]).not.toMatch(/opened|reused|replaced|server/)
  })

  test('names the container where there are several', () => {
    const { lines } = shown((screen) => screen.report({ ...warm, container: 7 }), { containers: true })
    expect(lines[1]).toMatch(/^ {2}2 {2}warm {6}7 /)
  })
})

test.each([
  ['a terminal', { isTTY: true }, true],
  ['a pipe', {}, false],
  ['a terminal with NO_COLOR', { isTTY: true, env: { NO_COLOR: '1' } }, false],
  ['a terminal with an empty NO_COLOR', { isTTY: true, env: { NO_COLOR: '' } }, true],
  ['a dumb terminal', { isTTY: true, env: { TERM: 'dumb' } }, false],
])('colours on %s: they change nothing else', (_what, terminal: Terminal, expected) => {
  const { out } = shown(showAll, {}, { columns: 160, ...terminal })
  expect(out.includes('\u001b[')).toBe(expected)
  expect(stripVTControlCharacters(out)).toBe(shown(showAll, {}, { columns: 160 }).out)
})

test('with --json stdout has a line of JSON for each invocation, and nothing else', () => {
  const { lines, err } = shown(
    (screen) => {
      screen.note('a note')
      screen.log('a line', 1)
      showAll(screen)
      screen.summary('in all')
    },
    { json: true },
  )
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { invocation: 1, start: 'cold', ok: true, response: ORDER, opened: 1, server: 1 },
    { invocation: 2 },
    { invocation: 3, killed: 1, replaced: 1 },
    { invocation: 104, ok: false, error: { errorType: 'TypeError' } },
  ])
  expect(err).toBe('a note\n    │ a line\nin all\n')
})

test('quiet leaves out what the handler prints and the notes, not what went wrong', () => {
  const { out, err } = shown(
    (screen) => {
      screen.note('a note')
      screen.log('a line', 1)
      screen.complaint('a complaint')
      screen.report(warm)
    },
    { quiet: true },
  )
  expect(err).toBe('a complaint\n')
  expect(out).toMatch(/^ {2}2 {2}warm /m)
})

test('nothing is shown from an interruption on', () => {
  const paper = new Paper()
  const interruption = new AbortController()
  const screen = new Screen(OPTIONS, interruption.signal, { stdout: paper, stderr: paper, env: {} })
  interruption.abort()
  showAll(screen)
  screen.note('a note')
  screen.complaint('a complaint')
  screen.summary('in all')
  expect(paper.text).toBe('')
})

test('the summary counts', () => {
  expect(summary([cold, warm, thawed, thrown])).toBe(
    '4 invocations: 1 failed; 1 cold, 2 warm, 1 thawed; median 12.3 ms, longest 14.90 s; 2 connections opened, 1 replaced, at most 1 at the server',
  )
  expect(summary([{ ...cold, opened: undefined, replaced: undefined, server: undefined }])).toBe(
    '1 invocation: all answered; 1 cold; median 12.3 ms, longest 12.3 ms',
  )
})

test('a terminal that says no width has that of a pipe', () => {
  expect(shown(showAll, {}, { columns: 0 }).out).toBe(shown(showAll).out)
})

test('a text is cut between characters, not within one', () => {
  expect(shortened('naïve 🫖🫖🫖', 8)).toBe('naïve 🫖…')
  expect(shortened('as long', 7)).toBe('as long')
})

test('an INIT that failed is told from a handler that breaks down in every container', () => {
  const broken: Report = { ...cold, ok: false, status: 'error', initMs: undefined, suppressedInitMs: 50 }
  expect(initFailure([broken])).toBe(broken)
  const timedOut: Report = { ...cold, ok: false, status: 'timeout' }
  expect(initFailure([timedOut, { ...timedOut, initMs: undefined, suppressedInitMs: 50 }])).toBeUndefined()
  expect(initFailure([cold, { ...broken, container: 2 }])).toMatchObject({ container: 2 })
})
