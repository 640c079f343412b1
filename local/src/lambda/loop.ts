/**
 * The stand-in for AWS's runtime client, run as a process of its own: load the handler, then Next, call, answer. Where several
 * invocations may run at once, Next does not wait for the answer; worker threads it has none.
 */
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { findModule } from './handler-file.ts'
import { describeError } from './loop-error.ts'
import { isStreaming, setGlobals, streamResponse } from './loop-stream.ts'

type Handler = (event: unknown, context: object) => unknown

const { env } = process
const several = env.AWS_LAMBDA_MAX_CONCURRENCY !== undefined
const agent = new Agent({ keepAlive: true, maxSockets: several ? Number.POSITIVE_INFINITY : 1 })

const urlOf = (path: string) => `http://${env.AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime/${path}`

/** @param body JSON */
async function call(method: 'GET' | 'POST', path: string, body?: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{ headers: IncomingHttpHeaders; body: string }>()
  request(urlOf(path), { method, agent, headers: { 'content-type': 'application/json' } })
    .once('error', reject)
    .once('response', (response) => {
      text(response).then((received) => {
        // 413 is of a response that is too large: the caller is told by Lambda.
        if ([200, 202, 413].includes(response.statusCode ?? 0)) {
          resolve({ headers: response.headers, body: received })
        } else reject(new Error(`The Runtime API refused ${method} ${path}: ${received}`))
      }, reject)
    })
    .end(body)
  return promise
}

async function loadHandler(): Promise<Handler> {
  const [moduleName = '', exportName = ''] = env._HANDLER?.split('.') ?? []
  const file = findModule(env.LAMBDA_TASK_ROOT ?? '', moduleName)
  if (file === undefined) throw named('Runtime.ImportModuleError', `There is no module ${moduleName}`)
  const module = await import(pathToFileURL(file).href)
  const handler = module[exportName] ?? module.default?.[exportName]
  if (typeof handler !== 'function') {
    throw named('Runtime.HandlerNotFound', `${env._HANDLER} is undefined or not exported`)
  }
  if (handler.length >= 3 && !isStreaming(handler)) {
    throw named('Runtime.CallbackHandlerDeprecated', 'Lambda has no callback handlers from Node.js 24 on')
  }
  return handler
}

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}

function contextOf(headers: IncomingHttpHeaders) {
  const deadline = Number(headers['lambda-runtime-deadline-ms'])
  return {
    awsRequestId: headers['lambda-runtime-aws-request-id'],
    invokedFunctionArn: headers['lambda-runtime-invoked-function-arn'],
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    getRemainingTimeInMillis: () => deadline - Date.now(),
  }
}

type Invocation = Awaited<ReturnType<typeof call>>

async function answer(handler: Handler, { headers, body }: Invocation): Promise<void> {
  const context = contextOf(headers)
  if (!several) env._X_AMZN_TRACE_ID = String(headers['lambda-runtime-trace-id'])
  const path = `invocation/${context.awsRequestId}`
  if (isStreaming(handler))
    return streamResponse(urlOf(`${path}/response`), (stream) => handler(JSON.parse(body), stream, context))
  try {
    const response = stringified(await handler(JSON.parse(body), context))
    await call('POST', `${path}/response`, response)
  } catch (error) {
    console.error('Invoke Error', error)
    await call('POST', `${path}/error`, JSON.stringify(describeError(error)))
  }
}

/** What cannot be said in JSON is refused in the words of AWS's client. */
function stringified(response: unknown): string {
  if (typeof response === 'function' || typeof response === 'symbol') throw new TypeError('Wrong arguments')
  try {
    return JSON.stringify(response ?? null)
  } catch {
    throw named('Runtime.JSONStringifyError', 'Unable to stringify response body')
  }
}

setGlobals()
const handler = await loadHandler().catch(async (error: unknown) => {
  console.error('Init Error', error)
  await call('POST', 'init/error', JSON.stringify(describeError(error)))
  process.exit(1)
})
for (;;) {
  const answered = answer(handler, await call('GET', 'invocation/next'))
  if (!several) await answered
}
