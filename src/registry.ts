import { WarmpoolError } from './errors.ts'
import { type PoolOptions, resolveOptions, type Settings } from './options.ts'
import { nearest, placeOf } from './place.ts'
import { SharedPool } from './shared-pool.ts'
import { keyOf, targetOf } from './target/target.ts'

interface Entry {
  readonly shared: SharedPool
  readonly limits: string
  /** Where in the program it was first asked for. */
  readonly place: string
}

/** On `globalThis`, because a bundle can hold two copies of this package; they must agree on what an entry is. */
const REGISTRY = Symbol.for('warmpool.registry.1')

/** What a handle stands for: a pool, and that of its reader where it has one. */
export interface Pair {
  readonly pool: SharedPool
  readonly reader: SharedPool | undefined
}

/** The container's pools for these options: one per name, or else per target. @param caller the function of ours that the user called */
export function sharedPools(options: PoolOptions | undefined, caller: object): Pair {
  const settings = resolveOptions(options)
  const place = nearest(placeOf(caller as () => void))
  const { reader } = settings
  if (reader) checkReader(reader)
  return { pool: sharedPool(settings, place), reader: reader && sharedPool(reader, place) }
}

/** Before either is made; what it is refused with says whose option it is. */
function checkReader(settings: Settings): void {
  const { connection } = settings
  if (typeof connection === 'function') return
  try {
    targetOf(connection, settings)
  } catch (error) {
    if (!(error instanceof WarmpoolError)) throw error
    throw new WarmpoolError('INVALID_OPTION', `reader.${error.message}`, { statusCode: error.statusCode })
  }
}

function sharedPool(settings: Settings, place: string): SharedPool {
  const key = keyOf(settings)
  const limits = limitsOf(settings)
  const known = registry().get(key)
  if (known) {
    if (known.limits !== limits)
      known.shared.events.tellOnce(
        `limits ${place}`,
        `one pool, two sets of limits: ${known.limits} (${known.place}) is in force, ${limits} (${place}) is not; give one a name to keep them apart`,
      )
    return known.shared
  }
  const shared: SharedPool = new SharedPool(settings, () => {
    if (registry().get(key)?.shared === shared) registry().delete(key)
  })
  registry().set(key, { shared, limits, place })
  return shared
}

function registry(): Map<string, Entry> {
  const global = globalThis as { [REGISTRY]?: Map<string, Entry> }
  global[REGISTRY] ??= new Map()
  return global[REGISTRY]
}

/** What may differ between two users of one target. */
function limitsOf(settings: Settings): string {
  const {
    connection: _,
    credentials: __,
    session: ___,
    tls: ____,
    proxy: _____,
    name: ______,
    contextKey: _______,
    reader: ________,
    ...limits
  } = settings
  return Object.entries(limits)
    .filter(([, value]) => value !== undefined)
    .map(([option, value]) => `${option} ${value}`)
    .join(', ')
}
