import type { ServerResponse } from 'node:http'

/** What Lambda answers to a call that it took. */
export function accept(response: ServerResponse): void {
  reply(response, 202, { status: 'OK' })
}

/** An error of Lambda's APIs. */
export function refuse(
  response: ServerResponse,
  status: number,
  errorType: string,
  errorMessage: string,
): void {
  reply(response, status, { errorMessage, errorType })
}

/** Node writes a response that ends in one piece at once, without waiting for a turn of the event loop. */
export function reply(response: ServerResponse, status: number, body: object, headers: object = {}): void {
  response
    .writeHead(status, { 'content-type': 'application/json', ...headers })
    .end(`${JSON.stringify(body)}\n`)
}

/** The words for a call that came at the wrong time. */
export function wrongTime(from: string, to: string, whose: string): string {
  return `State transition from ${from} to ${to} failed for ${whose}. Error: State transition is not allowed`
}
