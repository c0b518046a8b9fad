/**
 * How events reach targets. An event is one row of the outbox, however many targets its rules have; targets that do not
 * take it go on as rows of their own, by their retry policies, and end in their dead-letter queues.
 */
import { type Instant, instant, later, seconds } from '#base/time.ts'
import type { Target } from '#model/events.ts'
import { type Added, type Attempted, type Ended, Outbox } from '#outbox/outbox.ts'
import type { Store, Tx } from '#ports/store.ts'
import type { Deliveries } from '#services/events/deliver.ts'
import type { Addressed, Delivered } from '#services/events/delivered.ts'
import { type DeadLetter, deliverDead } from '#services/events/dead-letter.ts'
import type { HotBus } from '#services/events/hot.ts'
import {
  EVENT_AGE_MAX_MS,
  HANDOVERS_MAX,
  RETRIES_MAX,
  RETRY_FIRST_MS,
  RETRY_LONGEST_MS,
} from '#services/events/limits.ts'
import { type BusName, ruleArn } from '#services/events/names.ts'
import type { OneTarget, PromisedEvent } from '#services/events/promised.ts'
import type { EventsPorts } from '#services/events/ports.ts'

export interface HandoverParts {
  readonly ports: EventsPorts
  readonly store: () => Store
  readonly deliveries: Deliveries
  /** The bus as it is now, or undefined when it is gone. */
  bus(name: BusName): HotBus | undefined | Promise<HotBus | undefined>
}

export class Handover {
  readonly #parts: HandoverParts
  readonly #outbox: Outbox<PromisedEvent>

  constructor(parts: HandoverParts) {
    this.#parts = parts
    const { ports } = parts
    this.#outbox = new Outbox<PromisedEvent>(
      { store: parts.store(), clock: ports.clock },
      {
        name: 'events',
        owner: ({ bus }) => ({ account: bus.account, region: bus.region }),
        attempt: async (item) => await this.#attempt(item),
        retryAt: (item, so) => this.#retryAt(item, so),
        ended: async (item, how) => await this.#ended(item, how),
        defect: (error) => this.#defect(error),
        runningMax: HANDOVERS_MAX,
      },
    )
  }

  /** Events that wait or are being handed over. */
  get size(): number {
    return this.#outbox.size
  }

  /** Call it inside the transaction of what the event follows from; `release` it when that has committed. */
  promise(tx: Tx, item: PromisedEvent): Added {
    return this.#outbox.add(tx, item)
  }

  async load(): Promise<void> {
    await this.#outbox.load()
  }

  begin(): void {
    this.#outbox.begin()
  }

  forget(): void {
    this.#outbox.forget()
    this.#parts.deliveries.forget()
  }

  stop(): Promise<void> {
    return this.#outbox.stop()
  }

  async #attempt(item: PromisedEvent): Promise<Attempted<PromisedEvent>> {
    const bus = await this.#parts.bus(item.bus)
    const to = bus === undefined ? [] : addressedOf(bus, item)
    const outcomes = await Promise.all(to.map(async (each) => await this.#delivered(each)))
    return item.one === undefined ? await this.#first(to, outcomes) : single(item, item.one, outcomes[0])
  }

  /** A defect on the way to one target must not lose the event, nor fail it for the others. */
  async #delivered(to: Addressed): Promise<Delivered> {
    try {
      return await this.#parts.deliveries.deliver(to)
    } catch (error) {
      this.#defect(error)
      const why = error instanceof Error ? error.message : String(error)
      return { kind: 'later', code: 'INTERNAL_ERROR', why }
    }
  }

  /** Those that are to have it later become rows of their own; those that never will go to their dead-letter queues. */
  async #first(to: readonly Addressed[], outcomes: readonly Delivered[]): Promise<Attempted<PromisedEvent>> {
    const left: PromisedEvent[] = []
    const why = new Set<string>()
    for (const [i, each] of to.entries()) {
      const outcome = outcomes[i]
      if (outcome === undefined || outcome.kind === 'done') continue
      if (outcome.kind === 'refused') {
        await this.#dead(each, { code: outcome.code, message: outcome.why, retries: 0, condition: undefined })
        continue
      }
      left.push({ ...each.item, one: oneOf(each, outcome) })
      why.add(whyOf(outcome))
    }
    return left.length === 0 ? { kind: 'done' } : { kind: 'split', items: left, why: [...why].join('; ') }
  }

  /** Undefined when that was the last try. */
  #retryAt(
    { one }: PromisedEvent,
    so: { readonly attempts: number; readonly firstAt: Instant; readonly now: Instant },
  ): Instant | undefined {
    const tried = so.attempts - (one?.waits ?? 0)
    const notBefore = instant(one?.notBefore ?? 0)
    if (tried <= 0) return instant(Math.max(notBefore, so.now))
    if (tried > (one?.retriesMax ?? RETRIES_MAX)) return undefined
    const longest = Math.min(RETRY_FIRST_MS * 2 ** Math.min(tried - 1, 30), RETRY_LONGEST_MS)
    const at = later(so.now, longest * (0.5 + this.#parts.ports.random.next() / 2))
    const next = instant(Math.max(at, notBefore))
    return next - so.firstAt > (one?.ageMaxMs ?? EVENT_AGE_MAX_MS) ? undefined : next
  }

  async #ended(item: PromisedEvent, how: Ended): Promise<void> {
    const bus = await this.#parts.bus(item.bus)
    const [to] = bus === undefined ? [] : addressedOf(bus, item)
    if (to === undefined || item.one === undefined) return
    const { code, message } = codeAndMessage(how.why)
    const retries = Math.max(0, how.attempts - 1 - item.one.waits)
    const byCount = retries >= item.one.retriesMax
    const condition = byCount ? 'MaximumRetryAttempts' : 'MaximumEventAgeInSeconds'
    await this.#dead(to, {
      code,
      message,
      retries,
      condition: how.because === 'exhausted' ? condition : undefined,
    })
  }

  async #dead(to: Addressed, letter: DeadLetter): Promise<void> {
    const told = await deliverDead(this.#parts.ports, to, letter)
    this.#parts.ports.log.warn('events.delivery.failed', {
      rule: to.ruleArn,
      target: to.target.Arn,
      code: letter.code,
      why: letter.message,
      retries: letter.retries,
      deadLetter: told,
    })
  }

  #defect(error: unknown): void {
    const told = error instanceof Error ? error.stack : String(error)
    this.#parts.ports.log.error('events.handover.defect', { error: told })
  }
}

/** Rules and targets that are gone since have nothing to receive. */
function addressedOf(bus: HotBus, item: PromisedEvent): Addressed[] {
  const names = item.one === undefined ? item.rules : [item.one.rule]
  return names.flatMap((name) => {
    const rule = bus.rules.get(name)
    const targets: readonly Target[] =
      rule?.targets.filter(({ Id }) => item.one === undefined || Id === item.one.target) ?? []
    return rule === undefined ? [] : targets.map((target) => addressed(item, name, target))
  })
}

const addressed = (item: PromisedEvent, rule: string, target: Target): Addressed => ({
  item,
  rule,
  target,
  ruleArn: ruleArn({ ...item.bus, rule }),
})

function single(
  item: PromisedEvent,
  one: OneTarget,
  outcome: Delivered | undefined,
): Attempted<PromisedEvent> {
  if (outcome === undefined || outcome.kind === 'done') return { kind: 'done' }
  if (outcome.kind === 'refused') return { kind: 'refused', why: whyOf(outcome) }
  if (outcome.kind === 'later' && outcome.notBefore === undefined)
    return { kind: 'later', why: whyOf(outcome) }
  const waits = one.waits + (outcome.kind === 'wait' ? 1 : 0)
  const next = { ...one, waits, notBefore: outcome.notBefore }
  return { kind: 'split', items: [{ ...item, one: next }], why: whyOf(outcome) }
}

function oneOf(
  { rule, target }: Addressed,
  outcome: Exclude<Delivered, { kind: 'done' | 'refused' }>,
): OneTarget {
  const { MaximumRetryAttempts: retries, MaximumEventAgeInSeconds: age } = target.RetryPolicy ?? {}
  return {
    rule,
    target: target.Id,
    retriesMax: retries ?? RETRIES_MAX,
    ageMaxMs: age === undefined ? EVENT_AGE_MAX_MS : seconds(age),
    notBefore: outcome.notBefore,
    waits: outcome.kind === 'wait' ? 1 : 0,
  }
}

/** `CODE message`: how the outbox remembers both. */
const whyOf = (outcome: Exclude<Delivered, { kind: 'done' }>): string =>
  outcome.kind === 'wait' ? 'THROTTLING its turn has not come' : `${outcome.code} ${outcome.why}`

function codeAndMessage(why: string): { readonly code: string; readonly message: string } {
  const at = why.indexOf(' ')
  return { code: why.slice(0, at), message: why.slice(at + 1) }
}
