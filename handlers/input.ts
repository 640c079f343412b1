import { createError } from '@middy/util'
import * as v from 'valibot'

const id = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(4_294_967_295))
const quantity = v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(1000))
const lines = v.pipe(
  v.array(v.object({ productId: id, quantity })),
  v.minLength(1),
  v.maxLength(50),
  v.check((all) => new Set(all.map((line) => line.productId)).size === all.length, 'A product appears twice'),
)

/** An id in a path or query string: `"42"` becomes 42. */
export const idText = v.pipe(v.string(), v.digits(), v.transform(Number), id)

/** The header that makes a request safe to repeat. It ends up in an index, so it is short and plain. */
export const idempotencyKey = v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,100}$/)))

/** The body of `POST /orders`. */
export const orderJson = v.pipe(v.string(), v.parseJson(), v.object({ customerId: id, lines }))

/** A message of the import queue: an order, and the name its sender knows it by. */
export const importedOrderJson = v.pipe(
  v.string(),
  v.parseJson(),
  v.object({
    reference: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,80}$/)),
    customerId: id,
    lines,
  }),
)

/**
 * `value` as the schema describes it.
 * @throws a 400 that names the first field at fault, in the `http-errors` convention.
 */
export function parse<const S extends v.GenericSchema>(schema: S, value: unknown): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, value, { abortEarly: true })
  if (success) return output
  const [issue] = issues
  throw createError(400, [v.getDotPath(issue), issue.message].filter(Boolean).join(': '))
}
