/** The queue that a request names. */
import { Fault } from '#base/fault.ts'
import type { AccountId } from '#base/ids.ts'
import type { Call } from '#ports/service.ts'
import { invalidAddress, queueDoesNotExist } from '#services/sqs/faults.ts'
import { queueOfUrl } from '#services/sqs/names.ts'
import type { Queue } from '#services/sqs/queue.ts'
import type { SqsState } from '#services/sqs/state.ts'

/** By its URL. The span says which queue it was about. */
export function queueAt(url: string, state: SqsState, call: Call): Queue {
  const name = queueOfUrl(url, call)
  if (name === undefined) throw invalidAddress(url)
  const queue = state.queues.get(name)
  if (queue === undefined) throw missing(call)
  call.span.set('queue', queue.arn)
  return queue
}

/** By its name, in an account. */
export function queueNamed(
  { name, owner }: { readonly name: string; readonly owner: AccountId | undefined },
  state: SqsState,
  call: Call,
): Queue {
  const queue =
    owner === undefined ? undefined : state.queues.get({ account: owner, region: call.region, name })
  if (queue === undefined) throw missing(call)
  call.span.set('queue', queue.arn)
  return queue
}

/** The query protocol's text is longer. Source: recorded answers. */
function missing(call: Call): Fault {
  const fault = queueDoesNotExist()
  const isQuery = call.headers['host'] !== undefined && call.headers['x-amz-target'] === undefined
  return isQuery ? new Fault(fault.code, `${fault.message.slice(0, -1)} for this wsdl version.`) : fault
}
