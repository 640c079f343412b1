import { everywhere } from '../container.ts'
import type { Scenario } from '../scenario.ts'

const ONE_QUERY = everywhere((query) => query('SELECT 1'))
/** In one try; serverless-mysql asks nothing twice within a millisecond. */
const INVOCATIONS = 10

export const extraStatements: Scenario = {
  title: 'Warm invocations of one query: the server is sent more statements than that',
  contestants: ['mysql2', 'serverless-mysql', 'warmpool'],
  fails: ['serverless-mysql'],
  play: async (container, stage) => {
    await container.invoke(ONE_QUERY)
    const statements = await stage.statementsDuring(async () => {
      for (let i = 0; i < INVOCATIONS; i++) await container.invoke(ONE_QUERY)
    })
    return statements > INVOCATIONS
  },
}
