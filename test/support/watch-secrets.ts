import { afterAll, afterEach, beforeEach } from 'vitest'
import { noteEmission, SecretCameOut, takeLeaks } from './emissions.ts'
import { watchRejections } from './rejections.ts'
import { whenFirstKept } from './secrets.ts'
import { watchClasses } from './watched-classes.ts'
import { watchChildren, watchConsole, watchProcess } from './watched-output.ts'

/*
 * Set up for every test file. Whatever the package lets out while a test runs (errors with their causes, rejections, public objects,
 * events, log lines, warnings, the output of programs) is searched for the secrets that the file has told of by keepSecret(), and
 * the test in which one came out fails. Each private database tells its own.
 */
let watching: Promise<void> | undefined
whenFirstKept(() => {
  watchRejections((reason) => noteEmission('a rejection', reason))
  watchConsole()
  watchProcess()
  watchChildren()
  watching = watchClasses()
})

beforeEach(() => watching)
afterEach(failIfLeaked)
afterAll(failIfLeaked)

function failIfLeaked(): void {
  const leaks = takeLeaks()
  if (leaks.length > 0) throw new SecretCameOut(leaks)
}
