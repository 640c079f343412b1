import type { LambdaResult } from '../function/result.ts'
import { LARGEST_ASYNCHRONOUS_EVENT, LARGEST_EVENT } from '../lambda/payload-limits.ts'
import { decoded } from './match-route.ts'
import { type ApiRequest, type ApiRequestWithoutBody, headerOf } from './request.ts'
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

/** What became of a call; `functionName` only where it names one. */
export interface InvokeOutcome {
  readonly response: ApiResponse
  readonly functionName?: string
  readonly result?: LambdaResult
}

const PATH = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/

/** Of any operation on functions, whatever the version of the API. */
const ANY_PATH = /^\/20\d\d-\d\d-\d\d\/functions(\/|$)/

const TYPES = ['Event', 'RequestResponse', 'DryRun']
const LOG_TYPES = ['None', 'Tail']

/** Whether a request is for Lambda's own API, such as an AWS SDK's `InvokeCommand`. */
export function isForLambda({ path }: Pick<ApiRequest, 'path'>): boolean {
  return ANY_PATH.test(path)
}

/** The function that a request names: by its name here or in AWS, or by its ARN, with or without a version. */
function invokedFunction<Known extends InvocableFunction>(
  { path }: Pick<ApiRequest, 'path'>,
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
  request: ApiRequest | ApiRequestWithoutBody,
  functions: readonly InvocableFunction[],
  invoke: Invoker,
): Promise<InvokeOutcome> {
  const type = headerOf(request, 'x-amz-invocation-type') ?? 'RequestResponse'
  const refused = wrongCall(request, type)
  if (refused) return { response: refused }
  const target = invokedFunction(request, functions)
  if (typeof target === 'string')
    return { response: refusal(404, 'ResourceNotFoundException', `Function not found: ${target}`) }
  const event = readEvent(request, type)
  if ('statusCode' in event) return { response: event, functionName: target.name }
  return { functionName: target.name, ...(await invoked(target, event.value, type, invoke)) }
}

async function invoked(
  target: InvocableFunction,
  event: unknown,
  type: string,
  invoke: Invoker,
): Promise<InvokeOutcome> {
  if (type === 'DryRun') return { response: empty(204) }
  const running = invoke(target.name, event)
  if (type === 'Event') {
    running.catch(() => {}) // nobody waits for it; its log tells
    return { response: empty(202) }
  }
  const result = await running
  if (result.start === 'throttled')
    return { response: refusal(429, 'TooManyRequestsException', 'Rate Exceeded.'), result }
  return { response: answered(result), result }
}

function wrongCall(request: Omit<ApiRequest, 'body'>, type: string): ApiResponse | undefined {
  const { method, path } = request
  if (method !== 'POST' || !PATH.test(path)) {
    const known = 'Of Lambda only POST /2015-03-31/functions/{name}/invocations is here'
    return refusal(404, 'UnknownOperationException', `${known}, not ${method} ${path}.`)
  }
  return (
    outside('invocationType', type, TYPES) ??
    outside('logType', headerOf(request, 'x-amz-log-type') ?? 'None', LOG_TYPES)
  )
}

/** In the words that AWS has for any parameter. */
function outside(name: string, value: string, accepted: readonly string[]): ApiResponse | undefined {
  if (accepted.includes(value)) return undefined
  const what = `Member must satisfy enum value set: [${accepted.join(', ')}]`
  const message = `1 validation error detected: Value '${value}' at '${name}' failed to satisfy constraint: ${what}`
  return refusal(400, 'ValidationException', message)
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
function readEvent({ body }: Pick<ApiRequestWithoutBody, 'body'> | Pick<ApiRequest, 'body'>, type: string) {
  const asynchronous = type === 'Event'
  const largest = asynchronous ? LARGEST_ASYNCHRONOUS_EVENT : LARGEST_EVENT
  if (body === undefined || body.length > largest) {
    const message = asynchronous
      ? `The payload is too large for the Event invocation type (limit ${largest} bytes)`
      : `Request must be smaller than ${largest} bytes for the InvokeFunction operation`
    return refusal(413, 'RequestEntityTooLargeException', message)
  }
  if (body.length === 0) return { value: {} }
  try {
    return { value: JSON.parse(Buffer.from(body).toString()) as unknown }
  } catch {
    return refusal(400, 'InvalidRequestContentException', 'Could not parse request body into json.')
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
