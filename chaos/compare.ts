import type { RuntimeName } from '../local/src/lambda/runtime.ts'
export async function compare(_: { invocations: number; seed: number; runtime: RuntimeName; worlds: number[]; write: boolean }): Promise<void> {}
