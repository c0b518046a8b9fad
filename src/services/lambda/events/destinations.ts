/**
 * Where events that are over are told of: destinations and dead-letter queues. Each is a row of an outbox, written with
 * the event's end, so that neither is lost when the platform is killed; hence at least once. What is told is
 * `invocation-record.ts`.
 */
import { parseArn } from '#base/arn.ts'
import { type Bytes, text, utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, accountId, regionOf, uuid } from '#base/ids.ts'
import { type Instant, later } from '#base/time.ts'
import { attemptedBy } from '#outbox/attempted.ts'
import { type Added, type Attempted, type Ended, Outbox } from '#outbox/outbox.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Store, Tx } from '#ports/store.ts'
import type { DeliveryAttribute, DeliveryOutcome } from '#ports/targets.ts'
import {
  type EndedEvent,
  busEntry,
  deadLetterAttributes,
  invocationRecord,
  objectKey,
} from '#services/lambda/events/invocation-record.ts'
import { DESTINATION_RETRY_MS, DESTINATIONS_AT_ONCE, EVENT_AGE_MS } from '#services/lambda/limits.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'

/** One message for one receiver, as it is kept. */
interface Told {
  readonly account: string
  readonly region: string
  readonly functionName: string
  readonly functionArn: string
  readonly arn: string
  readonly kind: 'destination' | 'dead-letter queue'
  readonly payload: string
  readonly attributes?: Readonly<Record<string, DeliveryAttribute>> | undefined
  /** X-Amzn-Trace-Id below which the hand-over stands: the last attempt's. */
  readonly trace: string
  readonly at: Instant
}

/** Whom an ended event is told to. */
export interface Receivers {
  readonly destination: string | undefined
  readonly deadLetter: string | undefined
}

export type EndedAs = EndedEvent & {
  readonly account: string
  readonly region: string
  readonly functionName: string
  readonly trace: string
}

/** On whose behalf. Source: Lambda developer guide, resource policies of destinations. */
const PRINCIPAL = 'lambda.amazonaws.com'

export class Destinations {
  readonly #ports: LambdaPorts
  readonly #outbox: Outbox<Told>

  constructor(ports: LambdaPorts, store: Store) {
    this.#ports = ports
    this.#outbox = new Outbox<Told>(
      { store, clock: ports.clock },
      {
        name: 'lambda-destinations',
        owner: ({ account, region }) => ({ account, region }),
        attempt: (told) => this.#attempt(told),
        retryAt: (_, so) => retryAt(so),
        ended: async (told, how) => this.#dropped(told, how),
        defect: (error) => ports.log.error('lambda.destination.defect', { message: String(error) }),
        runningMax: DESTINATIONS_AT_ONCE,
      },
    )
  }

  resume(): Promise<number> {
    return this.#outbox.resume()
  }

  /** Writes what is to be told, in the transaction of the event's end; `release` them when it has committed. */
  tell(tx: Tx, ended: EndedAs, to: Receivers): Added[] {
    const { account, region, functionName, functionArn, trace, at } = ended
    const common = { account, region, functionName, functionArn, trace, at }
    const added: Added[] = []
    if (to.destination !== undefined) {
      const bus = parseArn(to.destination)?.service === 'events'
      const payload = bus ? busEntry(ended, to.destination) : invocationRecord(ended)
      added.push(this.#outbox.add(tx, { ...common, arn: to.destination, kind: 'destination', payload }))
    }
    if (to.deadLetter !== undefined)
      added.push(
        this.#outbox.add(tx, {
          ...common,
          arn: to.deadLetter,
          kind: 'dead-letter queue',
          payload: text(ended.payload),
          attributes: deadLetterAttributes(ended),
        }),
      )
    return added
  }

  forget(): void {
    this.#outbox.forget()
  }

  stop(): Promise<void> {
    return this.#outbox.stop()
  }

  async #attempt(told: Told): Promise<Attempted<Told>> {
    const account = accountId(told.account) ?? DEFAULT_ACCOUNT
    const region = regionOf(told.region) ?? DEFAULT_REGION
    const operation = told.kind === 'destination' ? 'Destination' : 'DeadLetter'
    const span = this.#ports.tracer.begin(
      { account, region, service: 'lambda', operation, resource: told.arn },
      told.trace,
    )
    const payload = utf8(told.payload)
    const outcome =
      parseArn(told.arn)?.service === 's3'
        ? await this.#putObject(told, payload, span)
        : await this.#ports.targets.deliver({
            arn: told.arn,
            payload,
            mode: 'hand-over',
            principal: PRINCIPAL,
            sourceArn: told.functionArn,
            message: told.attributes === undefined ? undefined : { attributes: told.attributes },
            account,
            region,
            span,
          })
    const attempted = attemptedBy(outcome, () => true)
    span.end(attempted.kind === 'done' ? 'ok' : 'error', { bytesOut: payload.length })
    return attempted
  }

  async #putObject(told: Told, payload: Bytes, span: SpanScope): Promise<DeliveryOutcome> {
    const owner = {
      account: accountId(told.account) ?? DEFAULT_ACCOUNT,
      region: regionOf(told.region) ?? DEFAULT_REGION,
    }
    try {
      await this.#ports.api.call(
        's3',
        'PutObject',
        {
          Bucket: parseArn(told.arn)?.resource ?? '',
          Key: objectKey(told.functionName, told.at, uuid(this.#ports.random)),
          Body: once(payload),
          ContentLength: payload.length,
          ContentType: 'application/json',
        },
        { ...owner, span },
      )
      return { kind: 'accepted' }
    } catch (error) {
      if (!(error instanceof Fault)) throw error
      return error.side === 'server'
        ? { kind: 'throttled', message: error.message }
        : { kind: 'refused', code: error.code, message: error.message }
    }
  }

  /** AWS counts it as DestinationDeliveryFailures or DeadLetterErrors, and says no more. */
  #dropped(told: Told, how: Ended): void {
    this.#ports.log.warn('lambda.event.not-told', {
      function: told.functionArn,
      to: told.arn,
      kind: told.kind,
      attempts: how.attempts,
      why: how.why,
    })
  }
}

async function* once(bytes: Bytes): AsyncGenerator<Bytes> {
  yield await Promise.resolve(bytes)
}

/** AWS does not say how often it tries: as long as it tries an event (inferred). */
function retryAt(so: { attempts: number; firstAt: Instant; now: Instant }): Instant | undefined {
  const { first, last } = DESTINATION_RETRY_MS
  const at = later(so.now, Math.min(last, first * 2 ** Math.min(20, so.attempts - 1)))
  return at > later(so.firstAt, EVENT_AGE_MS) ? undefined : at
}
