import { setTimeout as sleep } from 'node:timers/promises'
import { asking, mysql2Pool, turn } from './asked.ts'

const WAIT = 5

export const handler = asking(mysql2Pool(), async () => {
  await turn()
  await sleep(WAIT)
})
