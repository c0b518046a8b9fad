/**
 * Events on their way to their destinations. Each is written in the transaction of what happened and handed over after
 * it, so that no answer waits for a queue and no crash loses an event; hence at least once, in no order, as in AWS.
 */
import { printArn } from '#base/arn.ts'
import { utf8 } from '#base/bytes.ts'
import { accountId, DEFAULT_ACCOUNT, DEFAULT_REGION, regionOf } from '#base/ids.ts'
import { type Instant, later } from '#base/time.ts'
import { attemptedBy } from '#outbox/attempted.ts'
import { type Added, type Attempted, type Ended, Outbox } from '#outbox/outbox.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Store, Tx } from '#ports/store.ts'
import {
  type Circumstances,
  eventBridgeEntry,
  type Happening,
  PRINCIPAL,
  recordsMessage,
} from '#services/s3/event-records.ts'
import {
  DELIVERIES_AT_ONCE,
  DELIVERY_AGE_MAX_MS,
  DELIVERY_RETRY_FIRST_MS,
  DELIVERY_RETRY_MAX_MS,
} from '#services/s3/limits.ts'
import { bucketArn, partitionOf } from '#services/s3/names.ts'
import { concerns } from '#services/s3/notifications.ts'
import type { BucketRecord } from '#services/s3/records.ts'
import type { S3Ports } from '#services/s3/state.ts'

/** One event for one destination, as it is kept. */
export interface EventItem {
  readonly account: string
  readonly region: string
  readonly bucket: string
  readonly arn: string
  readonly payload: string
  /** X-Amzn-Trace-Id below which the hand-over stands: the request's. */
  readonly trace: string
  /** It is not handed over before. */
  readonly notBefore?: Instant | undefined
}

/** Subject of messages in topics. Source: recorded AWS answers. */
export const SUBJECT = 'Amazon S3 Notification'

/** Who made it happen: the call of a request, or S3 itself. */
export interface Requester {
  readonly account: string
  readonly requestId: string
  readonly span: Pick<SpanScope, 'header' | 'set'>
}

export class Events {
  readonly #ports: S3Ports
  readonly #nextOrder: () => number
  readonly #outbox: Outbox<EventItem>

  constructor(ports: S3Ports, store: Store, nextOrder: () => number) {
    this.#ports = ports
    this.#nextOrder = nextOrder
    this.#outbox = new Outbox<EventItem>(
      { store, clock: ports.clock },
      {
        name: 's3-events',
        owner: ({ account, region }) => ({ account, region }),
        attempt: (item) => this.#handOver(item),
        retryAt: (item, so) => retryAt(item, so),
        ended: (item, how) => this.#dropped(item, how),
        defect: (error) => ports.log.error('s3.event.defect', { message: String(error) }),
        runningMax: DELIVERIES_AT_ONCE,
      },
    )
  }

  /** Events that wait or are being handed over. */
  get size(): number {
    return this.#outbox.size
  }

  /**
   * Writes what the bucket's configuration wants to be told, inside the transaction of what happened. Give what comes
   * out to `release` when that has committed.
   */
  tell(tx: Tx, bucket: BucketRecord, happening: Happening, by: Requester): readonly Added[] {
    const { notifications } = bucket
    if (notifications === undefined) return []
    const rules = notifications.rules.filter((rule) => concerns(rule, `s3:${happening.name}`, happening.key))
    if (rules.length === 0 && !notifications.eventBridge) {
      by.span.set('matched', 0)
      return []
    }
    const { account, region, name } = bucket
    const so: Circumstances = {
      bucket: name,
      owner: account,
      region,
      at: happening.at ?? this.#ports.clock.now(),
      requester: by.account,
      requestId: by.requestId,
      order: this.#nextOrder(),
    }
    const item = {
      account,
      region,
      bucket: name,
      trace: by.span.header(),
      notBefore: happening.at,
    }
    const added = rules.map(({ arn, id }) =>
      this.#outbox.add(tx, { ...item, arn, payload: recordsMessage(happening, so, id) }),
    )
    if (!notifications.eventBridge) return added
    const arn = printArn({
      partition: partitionOf(region),
      service: 'events',
      region,
      account,
      resource: 'event-bus/default',
    })
    return [...added, this.#outbox.add(tx, { ...item, arn, payload: eventBridgeEntry(happening, so) })]
  }

  release(added: readonly Added[]): void {
    for (const each of added) each.release()
  }

  /** Reads what an earlier process left; before anything is told. It is handed over from `begin` on. */
  load(): Promise<number> {
    return this.#outbox.load()
  }

  begin(): void {
    this.#outbox.begin()
  }

  forget(): void {
    this.#outbox.forget()
  }

  stop(): Promise<void> {
    return this.#outbox.stop()
  }

  async #handOver(item: EventItem): Promise<Attempted<EventItem>> {
    const { tracer, targets } = this.#ports
    const { account, region, bucket, arn, payload, trace, notBefore = 0 } = item
    if (notBefore > this.#ports.clock.now()) return { kind: 'later', why: 'its time has not come' }
    const span = tracer.begin({ account, region, service: 's3', operation: 'notify', resource: arn }, trace)
    try {
      const outcome = await targets.deliver({
        arn,
        payload: utf8(payload),
        mode: 'hand-over',
        principal: PRINCIPAL,
        sourceArn: bucketArn(bucket, region),
        message: { subject: SUBJECT },
        account: accountId(account) ?? DEFAULT_ACCOUNT,
        region: regionOf(region) ?? DEFAULT_REGION,
        span,
      })
      const attempted = attemptedBy(outcome, isGone)
      span.end(attempted.kind === 'done' ? 'ok' : 'error', { bytesOut: payload.length })
      return attempted
    } catch (error) {
      span.end('fault')
      throw error
    }
  }

  async #dropped({ arn, bucket }: EventItem, { attempts, why }: Ended): Promise<void> {
    await Promise.resolve()
    this.#ports.log.warn('s3.event.dropped', { bucket, destination: arn, attempts, why })
  }
}

/** A destination that is not there will not come back for this event; one that is busy or not ready yet may. */
const isGone = (code: string): boolean => /NotFound|DoesNotExist|NonExistent|InvalidTarget/.test(code)

/** Twice the wait before, until the event is too old. AWS gives no figures (inferred). */
function retryAt(
  { notBefore }: EventItem,
  so: { readonly attempts: number; readonly firstAt: Instant; readonly now: Instant },
): Instant | undefined {
  if (notBefore !== undefined && notBefore > so.now) return notBefore
  const wait = Math.min(DELIVERY_RETRY_FIRST_MS * 2 ** (so.attempts - 1), DELIVERY_RETRY_MAX_MS)
  const at = later(so.now, wait)
  return at - Math.max(so.firstAt, notBefore ?? 0) > DELIVERY_AGE_MAX_MS ? undefined : at
}
