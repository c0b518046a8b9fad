/**
 * Rules that run at times: one alarm a rule, on the platform's clock. Which rules have one is kept beside the rules, in one
 * place for all accounts, because all of it is read when a platform starts. What is missed while it is down stays missed.
 */
import { keyOf, keysBelow, partsOf } from '#base/key.ts'
import { accountId, regionOf, uuid } from '#base/ids.ts'
import { EMPTY } from '#base/bytes.ts'
import { type Instant, instant } from '#base/time.ts'
import type { Alarm } from '#ports/clock.ts'
import type { Read, Tx } from '#ports/store.ts'
import { type HotBus, isEnabled } from '#services/events/hot.ts'
import type { Ingest } from '#services/events/ingest.ts'
import { type BusName, busKey, type RuleName, ruleArn } from '#services/events/names.ts'
import type { EventsPorts } from '#services/events/ports.ts'
import type { RuleRecord } from '#services/events/records.ts'
import { nextAfter, parseSchedule, type Schedule } from '#services/events/schedule.ts'

const SCHEDULED = 'events-scheduled'
const PAGE = 1_000

interface Ticking {
  readonly name: RuleName
  readonly schedule: Schedule
  readonly from: Instant
  alarm: Alarm | undefined
}

export interface SchedulerParts {
  readonly ports: EventsPorts
  readonly ingest: Ingest
  bus(name: BusName): HotBus | undefined | Promise<HotBus | undefined>
}

export class Scheduler {
  readonly #parts: SchedulerParts
  readonly #ticking = new Map<string, Ticking>()
  #stopped = false

  constructor(parts: SchedulerParts) {
    this.#parts = parts
  }

  /** Notes the rule, in the transaction that makes or changes it. */
  note(tx: Tx, name: RuleName, rule: RuleRecord): void {
    const key = keyOf(SCHEDULED, name.account, name.region, name.bus, name.rule)
    if (rule.schedule !== undefined && isEnabled(rule)) tx.put(key, EMPTY)
    else tx.delete(key)
  }

  /** The rule was made or changed. */
  set(name: RuleName, rule: RuleRecord): void {
    const key = `${busKey(name)}/${name.rule}`
    this.#ticking.get(key)?.alarm?.cancel()
    this.#ticking.delete(key)
    const schedule = rule.schedule === undefined ? undefined : parseSchedule(rule.schedule)
    if (schedule === undefined || !isEnabled(rule)) return
    const from = instant(rule.scheduledFrom ?? rule.createdAt)
    const ticking: Ticking = { name, schedule, from, alarm: undefined }
    this.#ticking.set(key, ticking)
    this.#arm(ticking)
  }

  /** Forgets the rule, in the transaction that deletes it. */
  unnote(tx: Tx, name: RuleName): void {
    tx.delete(keyOf(SCHEDULED, name.account, name.region, name.bus, name.rule))
  }

  delete(name: RuleName): void {
    const key = `${busKey(name)}/${name.rule}`
    this.#ticking.get(key)?.alarm?.cancel()
    this.#ticking.delete(key)
  }

  /** Sets the alarms of rules that an earlier process knew. */
  async load(read: Read): Promise<void> {
    const { from, to } = keysBelow(SCHEDULED)
    for (let start = from; ;) {
      const page = await read.range({ from: start, to, limit: PAGE })
      for (const [key] of page) await this.#found(partsOf(key).slice(1).map(String))
      const last = page.at(-1)
      if (last === undefined || page.length < PAGE) return
      start = keyOf(...partsOf(last[0]), '')
    }
  }

  forget(): void {
    for (const { alarm } of this.#ticking.values()) alarm?.cancel()
    this.#ticking.clear()
  }

  stop(): void {
    this.#stopped = true
    this.forget()
  }

  async #found([account = '', region = '', bus = '', rule = '']: readonly string[]): Promise<void> {
    const owner = { account: accountId(account), region: regionOf(region) }
    if (owner.account === undefined || owner.region === undefined) return
    const name: RuleName = { account: owner.account, region: owner.region, bus, rule }
    const record = (await this.#parts.bus(name))?.rules.get(rule)
    if (record !== undefined) this.set(name, record)
  }

  #arm(ticking: Ticking): void {
    const { clock } = this.#parts.ports
    const at = nextAfter(ticking.schedule, clock.now(), ticking.from)
    if (at === undefined || this.#stopped) return
    ticking.alarm = clock.wakeAt(at, () => {
      ticking.alarm = undefined
      void this.#ring(ticking, at).catch((error: unknown) => {
        this.#parts.ports.log.error('events.schedule.defect', { error: String(error) })
      })
      this.#arm(ticking)
    })
  }

  /** Source: EventBridge user guide, Schedules: the scheduled event; the event is for the rule's own targets only. */
  async #ring({ name }: Ticking, at: Instant): Promise<void> {
    const bus = await this.#parts.bus(name)
    const rule = bus?.rules.get(name.rule)
    if (bus === undefined || rule === undefined || rule.targets.length === 0) return
    const { account, region } = name
    const arn = ruleArn(name)
    const { tracer, random } = this.#parts.ports
    const span = tracer.begin({ account, region, service: 'events', operation: 'Schedule', resource: arn })
    const event = {
      id: uuid(random),
      source: 'aws.events',
      detailType: 'Scheduled Event',
      account,
      time: at,
      region,
      resources: [arn],
      detail: '{}',
    }
    await this.#parts.ingest.acceptFor(bus, name.rule, event, span.header())
    span.end('ok')
  }
}
