/**
 * The largest event that Lambda takes, bytes of JSON. The documentation says 6 MB; this is the number in Lambda's own refusal, "Request must be
 * smaller than 6291456 bytes for the InvokeFunction operation".
 *
 * @see https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
 */
export const LARGEST_EVENT = 6 * 1024 * 1024

/** The largest event of an invocation that is not waited for, bytes of JSON. */
export const LARGEST_ASYNCHRONOUS_EVENT = 1024 * 1024

/** The largest response that is not streamed, bytes: the `MaxPayloadSize` of AWS's emulator. */
export const LARGEST_RESPONSE = LARGEST_EVENT + 100

/** Bytes of JSON. */
export function sizeOf(event: unknown): number {
  return Buffer.byteLength(JSON.stringify(event))
}
