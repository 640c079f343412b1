import type { Op } from '../script/script.ts'
import type { Face, Handler } from './face.ts'
import { jump, setClockRight } from './instruments.ts'
import { Interpreter } from './interpreter.ts'
import { report, toldOf, trueNow } from './reports.ts'
import { watchDeadline } from './waiting.ts'

/** What a container is invoked with. */
export interface Event {
  readonly invocation: number
  readonly style: 'wrap' | 'middy'
  /** Numbered. */
  readonly program: readonly Op[]
  /** Of Lambda, true wall clock, milliseconds. */
  readonly deadline: number
  /** Of the clock, milliseconds after the start. */
  readonly jumps: readonly { readonly at: number; readonly by: number }[]
}

process.on('uncaughtExceptionMonitor', (error, origin) =>
  report({ is: 'crash', error: `${origin}: ${(error as Error)?.stack ?? String(error)}` }),
)

/** The handler that runs programs with one client. */
export function handlerOf(face: Face): (event: Event, context: object) => Promise<unknown> {
  const work = async (event: never, handles: Parameters<Parameters<Face['handlers']['wrap']>[0]>[1]) => {
    const { invocation, program, deadline } = event as Event
    return new Interpreter(invocation, deadline, handles).run(program)
  }
  const handlers: Record<string, Handler> = {
    wrap: face.handlers.wrap(work),
    middy: face.handlers.middy(work),
  }
  return async (event, context) => {
    const { invocation, deadline } = event
    report({ is: 'begin', invocation, process: process.pid })
    // The platform's clock does not jump with the container's.
    Object.assign(context, { getRemainingTimeInMillis: () => deadline - trueNow() })
    setClockRight()
    const jumps = event.jumps.map(({ at, by }) => setTimeout(() => jump(by), at))
    const watched = watchDeadline(deadline, invocation)
    try {
      await handlers[event.style]?.(event as never, context)
      return 'done'
    } catch (error) {
      throw new Error(String(toldOf(error).code ?? toldOf(error).message))
    } finally {
      watched.stop()
      for (const one of jumps) clearTimeout(one) // or it would be done to the next invocation
      report({ is: 'end', invocation, process: process.pid })
    }
  }
}
