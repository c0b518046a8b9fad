/** StartMessageMoveTask, CancelMessageMoveTask, ListMessageMoveTasks. Texts: recorded answers, but `inferred` where said. */
import type { ListMessageMoveTasksResultEntry, Sqs } from '#model/sqs.ts'
import type { Call, Operation } from '#ports/service.ts'
import { invalidParameter, invalidValue, notFound, unsupported } from '#services/sqs/faults.ts'
import { MOVE_LIST_MAX, MOVE_RATE_MAX, MOVE_TASKS_MAX } from '#services/sqs/limits.ts'
import { bill } from '#services/sqs/metering.ts'
import { type MoveTask, openHandle, printHandle } from '#services/sqs/move-tasks.ts'
import { type Queue, visibleCount } from '#services/sqs/queue.ts'
import type { SqsState } from '#services/sqs/state.ts'

function queueOf(arn: string, parameter: string, state: SqsState): Queue {
  const queue = state.queues.byArn(arn)
  if (queue === undefined)
    throw notFound(`The resource that you specified for the ${parameter} parameter doesn't exist.`)
  return queue
}

/** Source: SQS API, StartMessageMoveTask. */
export const startMessageMoveTask: Operation<Sqs['StartMessageMoveTask'], SqsState> = async (
  input,
  state,
  call,
) => {
  const { SourceArn: sourceArn, DestinationArn: destinationArn, MaxNumberOfMessagesPerSecond: rate } = input
  if (rate !== undefined && (rate < 1 || rate > MOVE_RATE_MAX))
    throw invalidValue(
      rate,
      'MaxNumberOfMessagesPerSecond',
      `MaxNumberOfMessagesPerSecond must be an integer between 1 and ${MOVE_RATE_MAX}.`,
    )
  const source = queueOf(sourceArn, 'SourceArn', state)
  begin(source, state, call)
  const isDeadLetterQueue = state.queues
    .of(source.name)
    .some(({ settings }) => settings.redrive?.target === sourceArn)
  if (!isDeadLetterQueue) throw invalidParameter('Source queue must be configured as a Dead Letter Queue.')
  if (destinationArn !== undefined) queueOf(destinationArn, 'DestinationArn', state)
  if (destinationArn === sourceArn)
    throw invalidParameter('Source queue arn and destination queue arn cannot be the same.')
  if (state.moves.of(sourceArn).some(({ status }) => status === 'RUNNING'))
    throw invalidParameter(
      'There is already a task running. Only one active task is allowed for a source queue arn at a given time.',
    )
  if (state.moves.running() >= MOVE_TASKS_MAX)
    throw unsupported(`Only ${MOVE_TASKS_MAX} active message move tasks are allowed for an account.`)
  const task = state.moves.start({
    sourceArn,
    ...(destinationArn === undefined ? {} : { destinationArn }),
    ...(rate === undefined ? {} : { rate }),
    toMove: state.queues.step(source, () => visibleCount(source)),
  })
  await state.queues.settled()
  return { TaskHandle: printHandle(task) }
}

function begin(source: Queue, state: SqsState, call: Call): void {
  call.span.set('queue', source.arn)
  bill(state.usage, call, source)
}

/** Source: SQS API, CancelMessageMoveTask. */
export const cancelMessageMoveTask: Operation<Sqs['CancelMessageMoveTask'], SqsState> = async (
  input,
  state,
  call,
) => {
  const handle = openHandle(input.TaskHandle)
  if (handle === undefined) throw invalidParameter('Value for parameter TaskHandle is invalid.')
  const source = queueOf(handle.sourceArn, 'SourceArn', state)
  begin(source, state, call)
  const task = state.moves.of(handle.sourceArn).find(({ id }) => id === handle.id)
  if (task === undefined) throw notFound('Task does not exist.')
  if (task.status !== 'RUNNING') throw unsupported('Only active tasks can be cancelled.')
  const { moved } = state.moves.cancel(task)
  await state.queues.settled()
  return { ApproximateNumberOfMessagesMoved: moved }
}

/** Source: SQS API, ListMessageMoveTasks: the newest first, one unless more are asked for. */
export const listMessageMoveTasks: Operation<Sqs['ListMessageMoveTasks'], SqsState> = (
  input,
  state,
  call,
) => {
  const { SourceArn: sourceArn, MaxResults: max = 1 } = input
  if (max < 1 || max > MOVE_LIST_MAX)
    throw invalidValue(max, 'MaxResults', `MaxResults must be an integer between 1 and ${MOVE_LIST_MAX}.`)
  const source = queueOf(sourceArn, 'SourceArn', state)
  begin(source, state, call)
  return { Results: state.moves.of(sourceArn).slice(0, max).map(shown) }
}

function shown(task: MoveTask): ListMessageMoveTasksResultEntry {
  return {
    ...(task.status === 'RUNNING' ? { TaskHandle: printHandle(task) } : {}),
    Status: task.status,
    SourceArn: task.sourceArn,
    ...(task.destinationArn === undefined ? {} : { DestinationArn: task.destinationArn }),
    ...(task.rate === undefined ? {} : { MaxNumberOfMessagesPerSecond: task.rate }),
    ApproximateNumberOfMessagesMoved: task.moved,
    ApproximateNumberOfMessagesToMove: task.toMove,
    ...(task.failure === undefined ? {} : { FailureReason: task.failure }),
    StartedTimestamp: Math.floor(task.startedAt),
  }
}
