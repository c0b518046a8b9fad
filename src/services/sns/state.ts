/**
 * What SNS holds: configuration in `control`, messages that are not yet handed over in `topics`, topics in use in memory.
 * The operations read and change it here; `handover.ts` delivers.
 */
import { later } from '#base/time.ts'
import type { Alarm, Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Outbound } from '#ports/outbound.ts'
import type { Random } from '#ports/random.ts'
import type { Tracer } from '#ports/spans.ts'
import type { Store, Stores } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'
import { topicNotFound } from '#services/sns/faults.ts'
import { Deduplication } from '#services/sns/deduplication.ts'
import { Handover } from '#services/sns/handover.ts'
import { HotTopics, type HotTopic } from '#services/sns/hot.ts'
import { SWEEP_MS } from '#services/sns/limits.ts'
import type { TopicName } from '#services/sns/names.ts'
import { Signer } from '#services/sns/signing.ts'

export interface SnsPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly targets: Targets
  readonly outbound: Outbound
  readonly tracer: Tracer
  readonly usage: Usage
  readonly log: Log
  /** Where the platform is reached, such as `http://127.0.0.1:4566`. */
  endpoint(): string
}

export class SnsState {
  readonly ports: SnsPorts
  readonly hot = new HotTopics()
  readonly signer: Signer
  readonly handover: Handover
  readonly deduplication: Deduplication
  #sweep: Alarm | undefined

  constructor(ports: SnsPorts) {
    this.ports = ports
    this.signer = new Signer(this.control, ports.random)
    this.deduplication = new Deduplication()
    this.handover = new Handover({
      ports,
      signer: this.signer,
      store: this.messages,
      topic: (name) => this.hot.get(this.control.read, name),
    })
  }

  /** Topics and subscriptions. */
  get control(): Store {
    return this.ports.stores.open('control')
  }

  /** Messages under way, and what FIFO topics remember. */
  get messages(): Store {
    return this.ports.stores.open('topics')
  }

  /** Fault: the topic does not exist. Answers at once when it is in memory. */
  topic(name: TopicName): HotTopic | Promise<HotTopic> {
    const found = this.hot.get(this.control.read, name)
    if (found instanceof Promise) return found.then(existing)
    return existing(found)
  }

  now(): number {
    return Math.floor(this.ports.clock.now())
  }

  /** Reads what an earlier process left; it goes on with it when `ready` is called. */
  async start(): Promise<void> {
    await this.handover.resume()
    this.#arm()
  }

  ready(): void {
    this.handover.open()
  }

  /** FIFO topics were used: their memory is swept from now on. */
  sweepSoon(): void {
    this.#arm()
  }

  /** Forgets what is in memory; the files are emptied by the platform. */
  reset(): void {
    this.#sweep?.cancel()
    this.#sweep = undefined
    this.hot.clear()
    this.signer.forget()
    this.handover.forget()
  }

  async stop(): Promise<void> {
    this.#sweep?.cancel()
    this.#sweep = undefined
    await this.handover.stop()
  }

  #arm(): void {
    this.#sweep ??= this.ports.clock.wakeAt(later(this.ports.clock.now(), SWEEP_MS), () => {
      this.#sweep = undefined
      void this.messages
        .tx(async (tx) => await this.deduplication.sweep(tx, this.now()))
        .then((more) => {
          if (more) this.#arm()
        })
    })
  }
}

function existing(topic: HotTopic | undefined): HotTopic {
  if (topic === undefined) throw topicNotFound()
  return topic
}
