export {
  type Database,
  type DatabaseOptions,
  type ProcessListRow,
  type Surroundings,
  startDatabase,
} from './database/database.ts'
export type { Container, ContainerState, InvocationResult, InvokeOptions } from './lambda/container.ts'
export type { OutputListener } from './lambda/container-process.ts'
export { type ContainerOptions, startContainer } from './lambda/init.ts'
export type { InvocationError } from './lambda/invocation.ts'
export { chooseRuntime, type RuntimeName } from './lambda/runtime.ts'
