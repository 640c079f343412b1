import {
  type CheckpointDurableExecutionRequest,
  type DurableExecutionClient,
  DurableExecutionInvocationInputWithClient,
  type DurableLambdaHandler,
  type Operation,
  type OperationUpdate,
} from '@aws/durable-execution-sdk-js'
import type { Context } from 'aws-lambda'

/** What waits is due then; never while an invocation runs, so that whatever has to wait suspends. */
const LATER = 3_600_000
const MOST_INVOCATIONS = 10

/**
 * The service behind one durable execution, as far as steps, waits and child contexts go: it keeps what is checkpointed, and
 * starts the next invocation when one has suspended. No time passes meanwhile.
 *
 * @param contextOf Lambda's context of each invocation, by its number
 * @param invoked called when an invocation has been answered, and before the next one starts
 * @returns what the last one answered
 */
export async function executeDurably(
  handler: DurableLambdaHandler,
  contextOf: (invocation: number) => Context,
  invoked: (status: string) => Promise<void>,
) {
  const operations = new Map<string, Operation>()
  const client: DurableExecutionClient = {
    checkpoint: async ({ Updates = [] }: CheckpointDurableExecutionRequest) => ({
      CheckpointToken: 'token',
      NewExecutionState: { Operations: Updates.map((update) => updated(operations, update)), NextMarker: '' },
    }),
    getExecutionState: async () => ({ Operations: [...operations.values()], NextMarker: '' }),
  }
  const execution = {
    Id: 'execution',
    Type: 'EXECUTION',
    Status: 'STARTED',
    StartTimestamp: new Date(),
  } as const
  operations.set(execution.Id, { ...execution, ExecutionDetails: { InputPayload: '{}' } })
  for (let invocation = 0; invocation < MOST_INVOCATIONS; invocation++) {
    const state = { Operations: structuredClone([...operations.values()]), NextMarker: '' }
    const input = { DurableExecutionArn: 'arn', CheckpointToken: 'token', InitialExecutionState: state }
    const event = new DurableExecutionInvocationInputWithClient(input, client)
    const answer = await handler(event, contextOf(invocation))
    await invoked(answer.Status)
    if (answer.Status !== 'PENDING') return answer
    for (const [id, operation] of operations) operations.set(id, due(operation))
  }
  throw new Error(`still not through after ${MOST_INVOCATIONS} invocations`)
}

/** What a checkpoint makes of an operation. */
function updated(operations: Map<string, Operation>, update: OperationUpdate): Operation {
  const { Id, ParentId, Name, Type, SubType, Action } = update
  const outcome = { Result: update.Payload, Error: update.Error }
  const before = operations.get(Id as string)
  const later = new Date(Date.now() + LATER)
  const attempt = before?.StepDetails?.Attempt ?? 0
  const operation: Operation = {
    ...{ Id, ParentId, Name, Type, SubType },
    StartTimestamp: before?.StartTimestamp ?? new Date(),
    Status: STATUS[Action as keyof typeof STATUS],
    ...(Type === 'WAIT' && { WaitDetails: { ScheduledEndTimestamp: later } }),
    ...(Type === 'CONTEXT' && { ContextDetails: outcome }),
    ...(Type === 'STEP' && {
      StepDetails: {
        ...outcome,
        Attempt: attempt + (Action === 'RETRY' ? 1 : 0),
        NextAttemptTimestamp: later,
      },
    }),
  }
  operations.set(Id as string, operation)
  return operation
}

const STATUS = { START: 'STARTED', SUCCEED: 'SUCCEEDED', FAIL: 'FAILED', RETRY: 'PENDING' } as const

/** When the next invocation starts, waits are over and retries are to be made. */
function due(operation: Operation): Operation {
  if (operation.Type === 'WAIT') return { ...operation, Status: 'SUCCEEDED' }
  return operation.Status === 'PENDING' ? { ...operation, Status: 'READY' } : operation
}
