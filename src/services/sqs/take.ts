/**
 * Which message is received next. FIFO: the group whose oldest message is the oldest, as many as possible from it, none
 * while it has messages in flight. Standard: the oldest, groups that hold a disproportionate share of the messages in
 * flight after all others. Source: SQS developer guide, FIFO delivery logic, How fair queues work.
 */
import { NOISY_IN_FLIGHT_MIN, NOISY_SCAN_MAX, NOISY_SHARE } from '#services/sqs/limits.ts'
import type { Group, Message } from '#services/sqs/message.ts'
import type { Queue } from '#services/sqs/queue.ts'
import { Ready } from '#services/sqs/ready.ts'

/** The group of that id, made when there is none. */
export function groupOf(queue: Queue, id: string): Group {
  const found = queue.groups.get(id)
  if (found !== undefined) return found
  const group: Group = { id, ready: new Ready(), inFlight: 0, size: 0 }
  queue.groups.set(id, group)
  return group
}

/** The message may be received from now on. */
export function makeReady(queue: Queue, message: Message): void {
  message.state = 'ready'
  message.dueAt = 0
  const { group } = message
  if (!queue.isFifo || group === undefined) queue.ready.push(message)
  else {
    group.ready.push(message)
    offer(queue, group)
  }
}

/** FIFO: puts the group up for receives when it has something and nothing of it is in flight. */
export function offer(queue: Queue, group: Group): void {
  if (group.inFlight > 0) return
  const oldest = group.ready.peek()
  if (oldest !== undefined) queue.offers.push({ seq: oldest.seq, group })
}

/** Takes the next message out, or undefined when none may be received. `from`: FIFO, the group this receive is at. */
export function takeNext(queue: Queue, from: Group | undefined): Message | undefined {
  if (!queue.isFifo) return takeStandard(queue)
  const same = from?.ready.pop()
  return same ?? nextGroup(queue)?.ready.pop()
}

function nextGroup(queue: Queue): Group | undefined {
  for (let offered = queue.offers.pop(); offered !== undefined; offered = queue.offers.pop()) {
    const { seq, group } = offered
    if (group.inFlight === 0 && group.ready.peek()?.seq === seq) return group
  }
  return undefined
}

/** Source: SQS developer guide, How fair queues work: concurrency share. */
const isNoisy = (queue: Queue, group: Group): boolean =>
  group.inFlight >= NOISY_IN_FLIGHT_MIN && group.inFlight > NOISY_SHARE * queue.inFlight

function takeStandard(queue: Queue): Message | undefined {
  if (queue.groups.size === 0) return queue.ready.pop()
  const quiet = oldestAside(queue, (group) => !isNoisy(queue, group))
  for (let scanned = 0; scanned < NOISY_SCAN_MAX; scanned++) {
    const message = queue.ready.peek()
    if (message === undefined || (quiet !== undefined && (quiet.ready.peek()?.seq ?? 0) < message.seq)) break
    queue.ready.pop()
    const { group } = message
    if (group === undefined || !isNoisy(queue, group)) return message
    group.ready.push(message)
    queue.aside.add(group)
  }
  return quiet?.ready.pop() ?? leastNoisy(queue)?.ready.pop()
}

/** Of the groups set aside that pass, the one with the oldest message. */
function oldestAside(queue: Queue, passes: (group: Group) => boolean): Group | undefined {
  let best: Group | undefined
  let bestSeq = Number.POSITIVE_INFINITY
  for (const group of queue.aside) {
    const oldest = group.ready.peek()
    if (oldest === undefined) queue.aside.delete(group)
    else if (oldest.seq < bestSeq && passes(group)) {
      best = group
      bestSeq = oldest.seq
    }
  }
  return best
}

/** Of several noisy groups the one with the fewest messages in flight. */
function leastNoisy(queue: Queue): Group | undefined {
  let best: Group | undefined
  for (const group of queue.aside)
    if (group.ready.peek() !== undefined && (best === undefined || group.inFlight < best.inFlight))
      best = group
  return best
}
