import type { Settings } from '../options.ts'

/**
 * Whether to open a connection before it is asked for. `'auto'` does so where the first invocation is waiting already: in the INIT
 * of an on-demand container. One that is provisioned may be frozen for hours before it is used, and a test has no INIT.
 */
export function prewarmsHere({ prewarm }: Settings, env: NodeJS.ProcessEnv = process.env): boolean {
  return prewarm === 'auto' ? env.AWS_LAMBDA_INITIALIZATION_TYPE === 'on-demand' : prewarm
}
