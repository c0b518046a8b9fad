/** What EventBridge needs of the platform. */
import type { Api } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Outbound } from '#ports/outbound.ts'
import type { Random } from '#ports/random.ts'
import type { Tracer } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'

export interface EventsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly api: Api
  readonly targets: Targets
  readonly outbound: Outbound
  readonly tracer: Tracer
  readonly usage: Usage
  readonly log: Log
  /** Where the platform is reached, such as `http://127.0.0.1:4566`. */
  endpoint(): string
}
