/** The ports that the Lambda service works through. */
import type { Api } from '#ports/api.ts'
import type { Blobs } from '#ports/blobs.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Sandboxes } from '#ports/sandboxes.ts'
import type { Spans, Tracer } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'
import type { LambdaSettings } from '#services/lambda/limits.ts'

export interface LambdaPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly blobs: Blobs
  readonly sandboxes: Sandboxes
  readonly spans: Spans
  readonly tracer: Tracer
  readonly targets: Targets
  readonly usage: Usage
  readonly log: Log
  readonly api: Api
  readonly settings: LambdaSettings
  /** Where functions reach the platform: an IP address, so that S3 clients use path style. */
  endpoint(): string
}
