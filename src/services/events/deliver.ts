/**
 * One delivery to one target: what it receives, and whose way it takes, by the ARN's service. What is done about a failure
 * is `handover.ts`'s. A new kind of target is a case in `#byKind`, and a row in `targets.ts` if PutTargets checks it.
 */
import { parseArn } from '#base/arn.ts'
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { brand } from '#base/brand.ts'
import { uuid } from '#base/ids.ts'
import type { AccountId, Region } from '#base/ids.ts'
import { parseJson, stringAt } from '#base/json.ts'
import { parseIso } from '#base/time.ts'
import type { Outcome, SpanScope } from '#ports/spans.ts'
import type { DeliveryOutcome } from '#ports/targets.ts'
import type { Addressed, Delivered, Handed } from '#services/events/delivered.ts'
import type { HttpTargets } from '#services/events/http-targets.ts'
import { inputOf } from '#services/events/input.ts'
import { busOfArn, type BusName, namedBy } from '#services/events/names.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import type { Hop } from '#services/events/promised.ts'

export interface DeliveryParts {
  readonly ports: EventsPorts
  readonly http: HttpTargets
  /** Puts the event on another bus of this platform; a fault's text when it cannot. */
  forward(to: BusName, handed: Handed, hop: Hop): Promise<Delivered>
}

/** Streams that events of a rule's target go to. Beyond it they begin anew; ours. */
const STREAMS_MAX = 10_000

export class Deliveries {
  readonly #parts: DeliveryParts
  readonly #streams = new Map<string, string>()

  constructor(parts: DeliveryParts) {
    this.#parts = parts
  }

  async deliver(to: Addressed): Promise<Delivered> {
    const { item, rule, ruleArn } = to
    const { account, region } = item.bus
    const work = { account, region, service: 'events', operation: 'InvokeTarget', resource: ruleArn }
    const span = this.#parts.ports.tracer.begin(work, item.trace)
    span.set('target', to.target.Arn)
    try {
      const payload = inputOf(to.target, { ...item, ruleArn, ruleName: rule })
      const delivered: Delivered =
        payload === undefined
          ? { kind: 'refused', code: 'INVALID_JSON', why: 'The input template does not give valid JSON.' }
          : await this.#byKind({ to, payload, span })
      endSpan(span, delivered, payload?.length ?? 0)
      return delivered
    } catch (error) {
      span.end('fault')
      throw error
    }
  }

  forget(): void {
    this.#streams.clear()
    this.#parts.http.forget()
  }

  async #byKind(handed: Handed): Promise<Delivered> {
    const { Arn } = handed.to.target
    const service = parseArn(Arn)?.service
    if (service === 'logs') return await this.#toLogs(handed)
    if (service === 'execute-api') return await this.#parts.http.toGateway(handed)
    if (service !== 'events') return await this.#handOver(handed)
    const bus = busOfArn(Arn)
    if (bus !== undefined) return await this.#toBus(bus, handed)
    const named = namedBy(Arn)
    if (named?.kind === 'api-destination') return await this.#parts.http.toDestination(handed, named)
    return { kind: 'refused', code: 'INVALID_PARAMETER', why: `${Arn} names no target.` }
  }

  async #handOver({ to, payload, span }: Handed): Promise<Delivered> {
    const groupId = to.target.SqsParameters?.MessageGroupId
    const outcome = await this.#parts.ports.targets.deliver({
      arn: to.target.Arn,
      payload: utf8(payload),
      mode: 'hand-over',
      principal: 'events.amazonaws.com',
      sourceArn: to.ruleArn,
      ...(groupId === undefined ? {} : { message: { groupId } }),
      account: to.item.bus.account,
      region: to.item.bus.region,
      span,
    })
    return deliveredOf(outcome)
  }

  /** An event is sent on once. Source: EventBridge user guide, Sending events between buses; recorded AWS dead letters. */
  async #toBus(bus: BusName, handed: Handed): Promise<Delivered> {
    const { item } = handed.to
    const hop: Hop = bus.region === item.bus.region ? 'account' : 'region'
    if (item.from !== undefined)
      return {
        kind: 'refused',
        code:
          hop === 'region' && item.from === 'region'
            ? 'THIRD_REGION_HOP_DETECTED'
            : 'THIRD_ACCOUNT_HOP_DETECTED',
        why: 'Events received from another event bus cannot be forwarded to this event bus.',
      }
    return await this.#parts.forward(bus, handed, hop)
  }

  /** A line in a stream of the target's own. Source: EventBridge user guide, Targets (CloudWatch log group). Stream names are inferred. */
  async #toLogs({ to, payload, span }: Handed): Promise<Delivered> {
    const arn = parseArn(to.target.Arn)
    const group = /^log-group:([^:]+)(:\*)?$/.exec(arn?.resource ?? '')?.[1]
    if (arn === undefined || group === undefined)
      return { kind: 'refused', code: 'INVALID_PARAMETER', why: `${to.target.Arn} names no log group.` }
    const as = { account: brand<AccountId>(arn.account), region: brand<Region>(arn.region), span }
    const stream = { logGroupName: group, logStreamName: this.#streamOf(to) }
    const logEvents = [lineOf(payload, Math.floor(this.#parts.ports.clock.now()))]
    const { api } = this.#parts.ports
    for (let isMade = false; ; isMade = true) {
      try {
        await api.call('logs', 'PutLogEvents', { ...stream, logEvents }, as)
        return { kind: 'done' }
      } catch (error) {
        if (!(error instanceof Fault)) throw error
        if (isMade || error.code !== 'ResourceNotFoundException') return faulted(error)
        const refused = await unlessThere(api.call('logs', 'CreateLogStream', stream, as))
        if (refused !== undefined) return faulted(refused)
      }
    }
  }

  #streamOf(to: Addressed): string {
    const key = `${to.ruleArn} ${to.target.Id} ${to.target.Arn}`
    const known = this.#streams.get(key)
    if (known !== undefined) return known
    if (this.#streams.size >= STREAMS_MAX) this.#streams.clear()
    const name = uuid(this.#parts.ports.random)
    this.#streams.set(key, name)
    return name
  }
}

/** A template may give time and line as `timestamp` and `message`. Source: EventBridge user guide, Input transformation. */
function lineOf(payload: string, now: number): { readonly timestamp: number; readonly message: string } {
  const value = payload.startsWith('{') ? parseJson(payload) : undefined
  const message = stringAt(value, 'message')
  const time = stringAt(value, 'timestamp')
  if (message === undefined || time === undefined) return { timestamp: now, message: payload }
  return { timestamp: Math.floor(parseIso(time) ?? now), message }
}

/** What it was refused with, other than that it is there. */
async function unlessThere(made: Promise<unknown>): Promise<Fault | undefined> {
  try {
    await made
    return undefined
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    return error.code === 'ResourceAlreadyExistsException' ? undefined : error
  }
}

function faulted({ code, message, side }: Fault): Delivered {
  if (side === 'server') return { kind: 'later', code: 'ERROR_FROM_TARGET', why: message }
  if (/Throttl|TooManyRequests|LimitExceeded/.test(code))
    return { kind: 'later', code: 'THROTTLING', why: message }
  return { kind: 'refused', code: codeOf(code), why: message }
}

function deliveredOf(outcome: DeliveryOutcome): Delivered {
  switch (outcome.kind) {
    case 'accepted':
    case 'delivered':
      return { kind: 'done' }
    case 'throttled':
      return { kind: 'later', code: 'THROTTLING', why: outcome.message }
    case 'timed-out':
      return { kind: 'later', code: 'TIMEOUT', why: 'The target did not answer in time.' }
    case 'refused':
      return { kind: 'refused', code: codeOf(outcome.code), why: outcome.message }
    default:
      return outcome satisfies never
  }
}

/** The code of dead-letter queues for a receiver's own. Inferred: AWS lists its codes without saying when each comes. */
function codeOf(code: string): string {
  if (/NotFound|NonExistent|DoesNotExist/.test(code)) return 'NO_RESOURCE'
  return /AccessDenied|NotAuthorized|Forbidden/.test(code) ? 'NO_PERMISSIONS' : 'INVALID_PARAMETER'
}

function endSpan(span: SpanScope, delivered: Delivered, bytesOut: number): void {
  const outcome: Outcome =
    delivered.kind === 'done' ? 'ok' : delivered.kind === 'refused' ? 'error' : 'throttle'
  if (delivered.kind === 'later' || delivered.kind === 'refused')
    span.set('why', `${delivered.code} ${delivered.why}`.slice(0, 256))
  span.end(outcome, { bytesOut: delivered.kind === 'done' ? bytesOut : 0 })
}
