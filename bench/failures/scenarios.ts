import type { Scenario } from './scenario.ts'
import { inFlight, nextStatement, notAwaited, queuedBehind } from './scenarios/beyond-the-answer.ts'
import { codeLost, rejectionKept } from './scenarios/connect-failed.ts'
import { connectionLost } from './scenarios/connection-lost.ts'
import { demotedWriter } from './scenarios/demoted-writer.ts'
import { extraStatements } from './scenarios/extra-statements.ts'
import { heldByOneself } from './scenarios/held-by-oneself.ts'
import { joinedTransaction } from './scenarios/joined-transaction.ts'
import { transactionLeftOpen, variableLeftSet } from './scenarios/left-behind.ts'
import { printedPassword } from './scenarios/printed-password.ts'
import { givenUpButDone, nextOneWaits } from './scenarios/query-timeout.ts'
import { wrongContext } from './scenarios/wrong-context.ts'
import { wrongHost } from './scenarios/wrong-host.ts'

/** In the order of the table. What a freeze does to connections is the demo's. */
export const SCENARIOS: readonly Scenario[] = [
  connectionLost,
  joinedTransaction,
  transactionLeftOpen,
  variableLeftSet,
  nextStatement,
  inFlight,
  queuedBehind,
  notAwaited,
  givenUpButDone,
  nextOneWaits,
  heldByOneself,
  demotedWriter,
  rejectionKept,
  codeLost,
  extraStatements,
  wrongContext,
  printedPassword,
  wrongHost,
]
