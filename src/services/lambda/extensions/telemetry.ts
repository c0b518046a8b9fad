/**
 * Telemetry of one environment on its way to subscribers inside it: gathered by each one's bounds, sent one batch at a
 * time, dropped and counted when a subscriber does not keep up. It holds nothing up; while the environment is frozen
 * nothing is sent.
 */
import { utf8 } from '#base/bytes.ts'
import { isRecord, parseJson } from '#base/json.ts'
import { type Instant, isoMs } from '#base/time.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { RuntimeReply, SandboxListener } from '#ports/sandboxes.ts'
import { problem } from '#services/lambda/extensions/routes.ts'
import {
  type Subscription,
  type TelemetryType,
  subscriptionOf,
} from '#services/lambda/extensions/subscription.ts'
import { TELEMETRY_EARLY_EVENTS, TELEMETRY_HELD_BATCHES, TELEMETRY_SEND_MS } from '#services/lambda/limits.ts'

export interface TelemetryEvent {
  readonly kind: TelemetryType
  readonly type: string
  /** An object, or the text of a line. */
  readonly record: unknown
  readonly at: Instant
}

export interface TelemetryParts {
  readonly clock: Clock
  /** Lines that are JSON are records then. */
  readonly jsonLines: boolean
  send(to: SandboxListener, body: Uint8Array, timeoutMs: number): Promise<boolean>
  /** Nothing is on its way any more. */
  quiet(): void
}

interface Subscriber {
  readonly name: string
  readonly to: Subscription
  /** As they are sent: JSON texts. */
  queue: string[]
  bytes: number
  alarm: Alarm | undefined
  sending: boolean
  droppedRecords: number
  droppedBytes: number
}

export class Telemetry {
  readonly #parts: TelemetryParts
  #subscribers: Subscriber[] = []
  /** What happened before anybody could subscribe. */
  #early: TelemetryEvent[] = []
  #open = true
  #paused = false

  constructor(parts: TelemetryParts) {
    this.#parts = parts
  }

  /** A batch is on its way: freezing now would look like a subscriber that does not read. */
  get sending(): boolean {
    return this.#subscribers.some((each) => each.sending)
  }

  get any(): boolean {
    return this.#subscribers.length > 0
  }

  /** The process tree starts. */
  launched(): void {
    this.forget()
    this.#open = true
    this.#paused = false
  }

  /** It has ended: what was gathered goes nowhere. */
  forget(): void {
    for (const each of this.#subscribers) each.alarm?.cancel()
    this.#subscribers = []
    this.#early = []
  }

  /** Init is over: nobody can subscribe any more. */
  close(): void {
    this.#open = false
    this.#early = []
  }

  /** Answers; resolves the subscription when there is one now. */
  subscribe(name: string, body: unknown, api: Subscription['api']): [RuntimeReply, Subscription | undefined] {
    if (!this.#open) {
      const [kind, title] = api === 'logs' ? ['Logs', 'Logs API'] : ['Telemetry', 'Telemetry API']
      return [
        problem(403, `${kind}.SubscriptionClosed`, `${title} subscription is closed already`),
        undefined,
      ]
    }
    const found = subscriptionOf(body, api)
    if (!found.ok) return [problem(400, 'ValidationError', found.error), undefined]
    const to = found.value
    for (const each of this.#subscribers) if (each.name === name) each.alarm?.cancel()
    const fresh = {
      name,
      to,
      queue: [],
      bytes: 0,
      alarm: undefined,
      sending: false,
      droppedRecords: 0,
      droppedBytes: 0,
    }
    this.#subscribers = [...this.#subscribers.filter((each) => each.name !== name), fresh]
    for (const event of this.#early) this.#gather(fresh, event)
    return [{ status: 200, headers: { 'Content-Type': 'text/plain' }, body: 'OK' }, to]
  }

  emit(event: TelemetryEvent): void {
    if (this.#open && this.#early.length < TELEMETRY_EARLY_EVENTS) this.#early.push(event)
    for (const subscriber of this.#subscribers) this.#gather(subscriber, event)
  }

  /** The environment is about to be frozen. */
  pause(): void {
    this.#paused = true
    for (const each of this.#subscribers) {
      each.alarm?.cancel()
      each.alarm = undefined
    }
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    for (const each of this.#subscribers) this.#schedule(each)
  }

  /** All that is gathered, now: before the end. */
  flush(): void {
    this.#paused = false
    for (const each of this.#subscribers) void this.#send(each)
  }

  #gather(subscriber: Subscriber, event: TelemetryEvent): void {
    const { to } = subscriber
    if (!to.types.includes(event.kind)) return
    const text = this.#textOf(event, to)
    if (text === undefined) return
    const { maxItems, maxBytes } = to.buffering
    const tooMany = subscriber.queue.length >= maxItems * TELEMETRY_HELD_BATCHES
    if (tooMany || subscriber.bytes + text.length > maxBytes * TELEMETRY_HELD_BATCHES) {
      subscriber.droppedRecords++
      subscriber.droppedBytes += text.length
      return
    }
    subscriber.queue.push(text)
    subscriber.bytes += text.length
    this.#schedule(subscriber)
  }

  #textOf({ type, record, at }: TelemetryEvent, to: Subscription): string | undefined {
    const isLogs = to.api === 'logs'
    if (isLogs && !LOGS_TYPES.has(type)) return undefined
    if (!isLogs && type === 'platform.end') return undefined
    const objects = this.#parts.jsonLines && to.schemaVersion >= '2022-12-13' && !isLogs
    const shown = typeof record === 'string' ? lineOf(record, objects) : record
    return JSON.stringify({ time: isoMs(at), type, record: shown })
  }

  #schedule(subscriber: Subscriber): void {
    if (this.#paused || subscriber.queue.length === 0 || subscriber.sending) return
    const { maxItems, maxBytes, timeoutMs } = subscriber.to.buffering
    if (subscriber.queue.length >= maxItems || subscriber.bytes >= maxBytes) {
      void this.#send(subscriber)
      return
    }
    subscriber.alarm ??= this.#parts.clock.after(timeoutMs, () => {
      subscriber.alarm = undefined
      void this.#send(subscriber)
    })
  }

  async #send(subscriber: Subscriber): Promise<void> {
    if (subscriber.sending || subscriber.queue.length === 0) return
    subscriber.alarm?.cancel()
    subscriber.alarm = undefined
    const { to } = subscriber
    const batch = taken(subscriber)
    const texts = subscriber.droppedRecords === 0 ? batch : [this.#dropped(subscriber), ...batch]
    subscriber.sending = true
    const body =
      to.to.protocol === 'HTTP' ? `[${texts.join(',')}]` : texts.map((text) => `${text}\n`).join('')
    const isTaken = await this.#parts.send(to.to, utf8(body), TELEMETRY_SEND_MS)
    subscriber.sending = false
    if (!isTaken) {
      subscriber.droppedRecords += batch.length
      subscriber.droppedBytes += batch.reduce((sum, text) => sum + text.length, 0)
    }
    if (!this.#subscribers.includes(subscriber)) return
    this.#schedule(subscriber)
    if (!this.sending) this.#parts.quiet()
  }

  /** Tells what was lost, once. Source: Lambda developer guide, platform.logsDropped; the reason as AWS words it. */
  #dropped(subscriber: Subscriber): string {
    const record = {
      reason: 'Consumer seems to have fallen behind as it has not acknowledged receipt of logs.',
      droppedRecords: subscriber.droppedRecords,
      droppedBytes: subscriber.droppedBytes,
    }
    subscriber.droppedRecords = 0
    subscriber.droppedBytes = 0
    return JSON.stringify({ time: isoMs(this.#parts.clock.now()), type: 'platform.logsDropped', record })
  }
}

/** Source: Lambda developer guide, Logs API. */
const LOGS_TYPES = new Set([
  'function',
  'extension',
  'platform.start',
  'platform.end',
  'platform.report',
  'platform.runtimeDone',
  'platform.extension',
  'platform.logsSubscription',
  'platform.fault',
])

/** Without its line end; as an object where it is one and objects are wanted. */
function lineOf(line: string, objects: boolean): unknown {
  const text = line.replace(/\r?\n$/, '')
  const parsed = objects ? parseJson(text) : undefined
  return isRecord(parsed) ? parsed : text
}

/** One batch, by the bounds of its subscriber. */
function taken(subscriber: Subscriber): string[] {
  const { maxItems, maxBytes } = subscriber.to.buffering
  let bytes = 0
  let count = 0
  for (const text of subscriber.queue) {
    if (count >= maxItems || (count > 0 && bytes + text.length > maxBytes)) break
    bytes += text.length
    count++
  }
  subscriber.bytes -= bytes
  return subscriber.queue.splice(0, count)
}
