import type { Examination } from './examination.ts'
import { type Finding, fault, ok } from './finding.ts'
import { isGreeting, isStranger, readGreeting } from './greeting.ts'

/** Whether it is a MySQL server that takes connections there. */
export async function lookAtGreeting(examination: Examination): Promise<Finding> {
  const started = performance.now()
  const heard = await readGreeting(examination.socket, examination.limit)
  examination.slowest = Math.max(examination.slowest, performance.now() - started)
  if (isGreeting(heard)) {
    examination.greeting = heard
    const { offersTls } = heard
    const version = heard.version.replace(/^5\.5\.5-/, '') // what MariaDB puts before its own
    return ok(`a MySQL server speaks: ${version}, ${offersTls ? 'offers' : 'without'} TLS`, {
      version,
      offersTls,
    })
  }
  examination.socket.destroy()
  if (!isStranger(heard)) return examination.trouble(heard)
  return fault(
    `something else than a MySQL server listens there: ${strangerOf(heard.words)}`,
    'look at host and port (MySQL has 3306 unless somebody chose another)',
    { words: heard.words },
  )
}

function strangerOf(words: string): string {
  if (words.startsWith('HTTP/')) return `a web server (it says "${words}")`
  return words === '' ? 'its words cannot be read' : `it says "${words}"`
}
