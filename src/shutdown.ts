import { becomeExtension } from './extension.ts'
import { livingPools } from './living-pools.ts'

/**
 * Of the 500 ms that Lambda gives after SIGTERM, what work under way may take. Stopping what then still runs takes up to 150
 * more, and a process that wakes from a freeze is slow.
 */
const FOR_WORK = 200

await becomeExtension(() => {
  for (const pool of livingPools()) void pool.end(FOR_WORK)
})
