import type { FieldPacket } from 'mysql2'
import type { PreparedStatementInfo } from 'mysql2/promise'
import { type Done, type Sql, textOf } from '../driver.ts'
import type { Link } from '../link.ts'
import { effectOf, STATE } from '../policy/session.ts'
import { answer } from './answer.ts'

interface DriverStatement {
  execute(parameters: unknown, done: Done): void
}

type Call = (run: (link: Link, done: Done) => void) => Promise<[unknown, FieldPacket[]]>

/** A statement prepared by hand. Its executions stand in the connection's line like any other, and end with its lease. */
export async function prepareOn(call: Call, sql: Sql, unprepare: () => void): Promise<PreparedStatementInfo> {
  const [prepared] = await call((link, done) => link.prepare(sql, done))
  const statement = prepared as DriverStatement
  // It lives in the session, so the connection is reset when it is given back.
  const effect = effectOf(textOf(sql)) | STATE
  return {
    execute: (parameters: unknown) =>
      answer(() =>
        call((link, done) =>
          link.run(textOf(sql), effect, (settle) => statement.execute(parameters ?? [], settle), done),
        ),
      ) as never,
    // Through the connection, which would go on executing its cached copy of what the server has forgotten.
    close: async () => unprepare(),
  }
}
