import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda'

/** An HTTP API answer with a JSON body. */
export const json = (
  statusCode: number,
  body: unknown,
  headers: Record<string, string> = {},
): APIGatewayProxyStructuredResultV2 => ({
  statusCode,
  headers: { 'Content-Type': 'application/json', ...headers },
  body: JSON.stringify(body),
})

/** For `httpErrorHandler`: what the caller did wrong is in the answer; our own failures belong in the log. */
export const logFailure = (error: Error & { expose?: boolean }) => {
  if (!error.expose) console.error(error)
}
