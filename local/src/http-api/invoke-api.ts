import type { LambdaResult } from '../function/result.ts'
import { decoded } from './match-route.ts'
import { type ApiRequest, headerOf } from './request.ts'
import type { ApiResponse } from './response.ts'

/** Invokes a function. */
export type Invoker = (functionName: string, event: unknown) => Promise<LambdaResult>

/** A function that Lambda's Invoke API knows. */
export interface InvocableFunction {
  /** In serverless.yml. */
  readonly name: string
  /** In AWS. */
  readonly deployedName: string
}

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/

/** Whether a request is one of an AWS SDK's `InvokeCommand`. */
export function isInvoke({ method, path }: ApiRequest): boolean {
  return method === 'POST' && PATH.test(path)
}

/** The function that a request names: by its name here or in AWS, or by its ARN, with or without a version. */
export function invokedFunction<Known extends InvocableFunction>(
  { path }: ApiRequest,
  functions: readonly Known[],
): Known | string {
  const named = decoded(PATH.exec(path)?.[1] ?? '')
  const [, inArn] = /^(?:arn:aws[\w-]*:lambda:[\w-]*:)?(?:\d{12}:)?function:([^:]+)/.exec(named) ?? []
  const name = inArn ?? named.split(':')[0] ?? named
  return functions.find((known) => known.name === name || known.deployedName === name) ?? name
}

/**
 * Answers as Lambda's Invoke API: with the function's answer and a 200, also when the function failed, which the header
 * `x-amz-function-error` tells. `Event` invocations are answered at once.
 *
 * @see https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html
 */
export async function answerInvoke(
  request: ApiRequest,
  target: InvocableFunction | string,
  invoke: Invoker,
): Promise<{ response: ApiResponse; result?: LambdaResult }> {
  if (typeof target === 'string')
    return { response: refusal(404, 'ResourceNotFoundException', `Function not found: ${target}`) }
  const event = readEvent(request)
  if (event === undefined)
    return {
      response: refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json.'),
    }
  const type = headerOf(request, 'x-amz-invocation-type') ?? 'RequestResponse'
  if (type === 'DryRun') return { response: empty(204) }
  const running = invoke(target.name, event.value)
  if (type === 'Event') {
    running.catch(() => {}) // nobody waits for it; its log tells
    return { response: empty(202) }
  }
  const result = await running
  if (result.start === 'throttled')
    return { response: refusal(429, 'TooManyRequestsException', 'Rate Exceeded.'), result }
  return { response: answered(result), result }
}

function answered(result: LambdaResult): ApiResponse {
  const payload = result.ok ? (result.response ?? null) : result.error
  return {
    statusCode: 200,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-requestid', result.requestId],
      ['x-amz-executed-version', '$LATEST'],
      ...(result.ok ? [] : [['x-amz-function-error', 'Unhandled'] as const]),
    ],
    body: Buffer.from(JSON.stringify(payload)),
  }
}

/** Nothing at all is an empty event. */
function readEvent({ body }: ApiRequest): { value: unknown } | undefined {
  if (body.length === 0) return { value: {} }
  try {
    return { value: JSON.parse(Buffer.from(body).toString()) }
  } catch {
    return undefined
  }
}

function refusal(statusCode: number, type: string, message: string): ApiResponse {
  return {
    statusCode,
    headers: [
      ['content-type', 'application/json'],
      ['x-amzn-errortype', type],
    ],
    body: Buffer.from(JSON.stringify({ Type: 'User', message })),
  }
}

const empty = (statusCode: number): ApiResponse => ({ statusCode, headers: [], body: Buffer.alloc(0) })
