import { EventEmitter } from 'node:events'
import { Readable } from 'node:stream'
import { noteEmission } from './emissions.ts'

type Class = abstract new (...args: never[]) => object

/**
 * Has every error and every public object noted, when it is made, with what it is made of at the test's end. They are watched
 * through what their classes extend, which leaves the package's own code and every stack as it is.
 */
export async function watchClasses(): Promise<void> {
  const [errors, events, members, connection, callback, callbackQuery, stream] = await Promise.all([
    import('../../src/errors.ts'),
    import('../../src/events.ts'),
    import('../../src/pool-members.ts'),
    import('../../src/handles/connection.ts'),
    import('../../src/handles/callback.ts'),
    import('../../src/handles/callback-query.ts'),
    import('../../src/handles/stream.ts'),
  ])
  watch(errors.WarmpoolError, Error)
  for (const emitter of [
    members.PoolMembers,
    connection.Connection,
    callback.CallbackFace,
    callbackQuery.CallbackQuery,
  ])
    watch(emitter, EventEmitter)
  watch(stream.RowStream, Readable)
  watchEvents(events.Events)
}

/** `super()` asks for the parent of its class when it is called, so another one can be put in between. */
function watch(watched: Class, parent: new (...args: never[]) => object): void {
  if (Object.getPrototypeOf(watched) !== parent)
    throw new Error(`${watched.name} no longer extends ${parent.name}.`)
  const Noting = class extends parent {
    constructor(...args: never[]) {
      super(...args)
      noteEmission(new.target.name, this)
    }
  }
  Object.setPrototypeOf(watched, Noting)
}

function watchEvents({ prototype }: { prototype: EventEmitter }): void {
  const { emit } = prototype
  prototype.emit = function (name: string | symbol, ...args: unknown[]) {
    noteEmission(`the event ${String(name)}`, args)
    return emit.call(this, name, ...args)
  }
}
