export {
  type Database,
  type DatabaseOptions,
  type ProcessListRow,
  type Surroundings,
  startDatabase,
} from './database/database.ts'
export { type Bundle, type BundleOptions, bundle } from './function/bundle.ts'
export type { ConnectionUse } from './function/connection-book.ts'
export type { FunctionContainer } from './function/function-container.ts'
export { type FunctionConnection, type LocalLambda, localLambda } from './function/local-lambda.ts'
export type { FreezeOptions, FunctionOutputListener, LocalLambdaOptions } from './function/options.ts'
export type { LambdaResult, Start } from './function/result.ts'
export type { ResponseMetadata, StreamedResponse } from './lambda/api/streamed-body.ts'
export type {
  Container,
  ContainerState,
  InvocationFacts,
  InvocationResult,
  InvokeOptions,
  ShutdownOptions,
} from './lambda/container.ts'
export type { OutputListener } from './lambda/container-process.ts'
export type { InitializationType } from './lambda/environment.ts'
export { type ContainerOptions, openContainer, startContainer } from './lambda/init.ts'
export type { InvocationError } from './lambda/invocation-error.ts'
export { chooseRuntime, type RuntimeName } from './lambda/runtime.ts'
export { type Cut, type Direction, Network, type NetworkConnection, type Watcher } from './network/network.ts'
