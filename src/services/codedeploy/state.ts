/** The service's memory: ports, and the deployments that are being driven. Everything else is in the control file. */
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Api } from '#ports/api.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Tracer } from '#ports/spans.ts'
import type { Store, Stores } from '#ports/store.ts'
import type { Place } from '#services/codedeploy/names.ts'

export interface CodeDeployPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly api: Api
  readonly log: Log
  readonly tracer: Tracer
}

/** One deployment that is under way. */
export interface Driven {
  readonly place: Place
  readonly id: string
  running: Promise<void> | undefined
  /** Something happened while it ran. */
  again: boolean
  alarm: Alarm | undefined
}

export interface CodeDeployState extends CodeDeployPorts {
  readonly store: Store
  /** By account, region and id. */
  readonly driven: Map<string, Driven>
  /** Set when the platform ends: what is under way goes on at the next start. */
  stopping: boolean
}

export const createCodeDeploy = (ports: CodeDeployPorts): CodeDeployState => ({
  ...ports,
  store: ports.stores.open('control'),
  driven: new Map(),
  stopping: false,
})
