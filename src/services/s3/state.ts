/** What S3's operations share: the ports, the store `objects`, the bodies, and the order of writes. */
import { hexId } from '#base/ids.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Store, Stores } from '#ports/store.ts'
import type { Usage } from '#ports/usage.ts'
import { Bodies } from '#services/s3/bodies.ts'

export interface S3Ports {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  /** S3's alone: the sweep at start deletes what no object names. */
  readonly blobs: Blobs
  readonly usage: Usage
  readonly log: Log
}

export interface S3State extends S3Ports {
  readonly store: Store
  readonly bodies: Bodies
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
  return {
    ...ports,
    store: ports.stores.open('objects'),
    bodies: new Bodies(ports.blobs, newId),
    nextOrder,
  }
}
