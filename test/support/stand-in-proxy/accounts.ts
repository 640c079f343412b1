import { type Expected, judge, type Verdict } from '../verify-token.ts'

/** Whose tokens are taken: the keys that sign them and the endpoint that they are for. */
type TokenAccount = Omit<Expected, 'log'>

/** Who may come in. Changes count from the next login on, as with a rotated secret; who is in stays in. */
export class Accounts {
  /** What was judged of the tokens that came, oldest first. */
  readonly verdicts: Verdict[] = []
  readonly #passwords = new Map<string, string>()
  readonly #tokens = new Map<string, TokenAccount>()

  allow(user: string, password: string): void {
    this.#passwords.set(user, password)
  }

  /** IAM authentication for this user. */
  allowTokens(user: string, expected: TokenAccount): void {
    this.#tokens.set(user, expected)
  }

  lets(user: string, password: string): boolean {
    const expected = this.#tokens.get(user)
    if (!expected) return password === this.#passwords.get(user)
    const verdict = judge(password, user, { ...expected, log: '' })
    this.verdicts.push(verdict)
    return !verdict.wrong
  }
}
