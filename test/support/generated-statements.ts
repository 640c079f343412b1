import fc from 'fast-check'
import { alone, around, changing, nested, type Pieces, quiet } from './statement-pieces.ts'

const { expression } = fc.letrec<{ expression: Pieces }>((tie) => ({
  expression: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: fc.constantFrom(...quiet) },
    { weight: 2, arbitrary: fc.constantFrom(...changing) },
    {
      weight: 4,
      arbitrary: fc
        .tuple(fc.constantFrom(...nested), tie('expression'), tie('expression'))
        .map(([use, a, b]) => use(a, b)),
    },
  ),
}))

const statement = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom(...around), expression).map(([use, e]) => use(e, e)) },
  { weight: 1, arbitrary: fc.constantFrom(...alone) },
)

const CASES: ((word: string, at: number) => string)[] = [
  (word) => word,
  (word) => word.toLowerCase(),
  (word, at) => (at % 2 ? word.toLowerCase() : word),
  (word) => word.replace(/[A-Z]/g, (letter, at) => (at % 2 ? letter.toLowerCase() : letter)),
]
const GAPS = ['\n', '\t', '\r\n  ', '/**/', " /* it's ; */ ", ' -- "\n', ' # `\n', '/*+ x */']

/** Keywords in any case; between the pieces white space and comments, and nothing where that is possible. */
const written = fc
  .tuple(
    statement,
    fc.constantFrom(...CASES),
    fc.array(fc.nat(99), { minLength: 12, maxLength: 12 }), // used again and again
  )
  .map(([pieces, cased, dice]) =>
    pieces
      .map((piece, at) => {
        const text = /^[A-Z_]+$/.test(piece) ? cased(piece, at) : piece
        const die = dice[at % dice.length] as number
        const odd = GAPS[die - (100 - GAPS.length)]
        return (odd ?? (touch(pieces[at - 1], piece) && die < 85 ? '' : ' ')) + text
      })
      .join(''),
  )

/** Whether two pieces can stand side by side and remain two. */
function touch(before: string | undefined, piece: string): boolean {
  return before === undefined || /^[(),.]$/.test(piece) || /^[(,.]$/.test(before)
}

/** One to three statements in one text. Not every one is valid; most are. */
export const statements = fc
  .array(written, { minLength: 1, maxLength: 3, size: 'small' })
  .map((texts) => texts.join(';'))
