/** What SQS's operations share: the ports, the store `queues`, the queues in memory, and the shell that moves them. */
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Stores } from '#ports/store.ts'
import type { Usage } from '#ports/usage.ts'
import { MoveTasks } from '#services/sqs/move-tasks.ts'
import { Queues } from '#services/sqs/queues.ts'

export interface SqsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly usage: Usage
  readonly log: Log
}

export interface SqsState extends SqsPorts {
  readonly queues: Queues
  readonly moves: MoveTasks
}

/** Opens the store `queues`; nothing is read before `loadSqs`. */
export function createSqs(ports: SqsPorts): SqsState {
  const store = ports.stores.open('queues')
  const queues = new Queues({ store, clock: ports.clock, random: ports.random })
  return { ...ports, queues, moves: new MoveTasks({ queues, usage: ports.usage, log: ports.log }) }
}

/** Forgets what it holds in memory; the files are emptied by the platform. */
export function resetSqs(state: SqsState): void {
  state.moves.forget()
  state.queues.forget()
}

/** Ends what works by itself, before the store closes. Queues stay: services that stop later still deliver to them. */
export async function stopSqs(state: SqsState): Promise<void> {
  state.moves.forget()
  await state.queues.clearing.stop()
  await state.queues.settled()
}
