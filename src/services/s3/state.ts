/** What S3's operations share: the ports, the store `objects`, the bodies, and the order of writes. */
import { hexId } from '#base/ids.ts'
import type { Api } from '#ports/api.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Tracer } from '#ports/spans.ts'
import type { Store, Stores } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'
import { Bodies } from '#services/s3/bodies.ts'
import { Events } from '#services/s3/deliveries.ts'
import { LifecycleSweep } from '#services/s3/lifecycle-sweep.ts'

export interface S3Ports {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  /** S3's alone: the sweep at start deletes what no object names. */
  readonly blobs: Blobs
  readonly usage: Usage
  /** Asked whether destinations of notifications are there. */
  readonly api: Api
  /** Takes events to them. */
  readonly targets: Targets
  readonly tracer: Tracer
  readonly log: Log
}

export interface S3State extends S3Ports {
  readonly store: Store
  readonly bodies: Bodies
  readonly events: Events
  readonly lifecycle: LifecycleSweep
  /** Grows with each call, also across restarts as long as the clock does. */
  nextOrder(): number
}

/** Opens the store `objects`; nothing is read before the first request. */
export function createS3(ports: S3Ports): S3State {
  let last = 0
  const nextOrder = (): number => {
    last = Math.max(last + 1, Math.floor(ports.clock.now()) * 1_024)
    return last
  }
  const newId = (): string => `${nextOrder().toString(36).padStart(11, '0')}${hexId(ports.random, 6)}`
  const store = ports.stores.open('objects')
  const state: S3State = {
    ...ports,
    store,
    events: new Events(ports, store, nextOrder),
    lifecycle: new LifecycleSweep(() => state),
    bodies: new Bodies(ports.blobs, newId),
    nextOrder,
  }
  return state
}
