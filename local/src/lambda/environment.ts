import { randomBytes } from 'node:crypto'
import type { HandlerLocation } from './handler-file.ts'

/** What extensions cannot see; from the Extensions API's page. */
const RUNTIME_ONLY = [
  'AWS_EXECUTION_ENV',
  'AWS_LAMBDA_LOG_GROUP_NAME',
  'AWS_LAMBDA_LOG_STREAM_NAME',
  'LAMBDA_TASK_ROOT',
  '_HANDLER',
]

/** How Lambda came to start an environment. */
export type InitializationType = 'on-demand' | 'provisioned-concurrency' | 'lambda-managed-instances'

/** What of a container its environment variables tell. */
export interface Surroundings {
  location: HandlerLocation
  own: Record<string, string>
  initializationType: InitializationType
  concurrency: number | undefined
  memorySize: number
  /** The container's own temporary directory. */
  scratch: string
}

/**
 * The environment variables of a container: Lambda's, the function's own, and of this machine only PATH, so that
 * nothing works here that is missing once deployed.
 * @see https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 */
export function lambdaEnvironment(surroundings: Surroundings): Record<string, string> {
  const { location, own, initializationType, concurrency, memorySize, scratch } = surroundings
  const name = own.AWS_LAMBDA_FUNCTION_NAME ?? location.moduleName
  const region = own.AWS_REGION ?? 'us-east-1'
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '/')
  return {
    PATH: process.env.PATH ?? '/usr/local/bin:/usr/bin:/bin',
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    TMPDIR: scratch,
    AWS_REGION: region,
    AWS_DEFAULT_REGION: region,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: `${day}/[$LATEST]${randomBytes(16).toString('hex')}`,
    ...own,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(memorySize),
    AWS_LAMBDA_INITIALIZATION_TYPE: initializationType,
    ...(concurrency !== undefined && { AWS_LAMBDA_MAX_CONCURRENCY: String(concurrency) }),
    LAMBDA_TASK_ROOT: location.taskRoot,
    _HANDLER: location.handler,
  }
}

/** The part of it that extensions have. */
export function extensionEnvironment(environment: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !RUNTIME_ONLY.includes(name)))
}

/** The ARN a caller would have used; the account is AWS's own example. */
export function functionArn(environment: Record<string, string>): string {
  const { AWS_REGION, AWS_LAMBDA_FUNCTION_NAME } = environment
  return `arn:aws:lambda:${AWS_REGION}:123456789012:function:${AWS_LAMBDA_FUNCTION_NAME}`
}
