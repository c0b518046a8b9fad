/**
 * Carries out lifecycle rules: at each midnight UTC of the platform's clock, when all that is counted in days falls due,
 * and once at start. One transaction a key, so that requests go on in between; a sweep that a crash cuts short is
 * made anew at the next start. Which versions and uploads it concerns is `lifecycle.ts`.
 */
import { requestId } from '#base/ids.ts'
import type { Added } from '#outbox/outbox.ts'
import type { Alarm } from '#ports/clock.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Read, Tx } from '#ports/store.ts'
import type { Retired } from '#services/s3/bodies.ts'
import { type Deleted, deleteOne, removeRecord } from '#services/s3/deletions.ts'
import type { Requester } from '#services/s3/deliveries.ts'
import { type EventName, PRINCIPAL } from '#services/s3/event-records.ts'
import { abortOf, nextMidnight, type Verdict, verdicts } from '#services/s3/lifecycle.ts'
import type { Lifecycle } from '#services/s3/lifecycle-rules.ts'
import { isLocked } from '#services/s3/object-lock.ts'
import {
  type BucketRecord,
  buckets,
  GLOBAL,
  ownerOf,
  uploads,
  type VersionRecord,
  versions,
} from '#services/s3/records.ts'
import { allBelow, allBuckets } from '#services/s3/scan.ts'
import type { S3State } from '#services/s3/state.ts'
import { isObject, shownVersionId } from '#services/s3/versions.ts'
import { abortUpload } from '#services/s3/upload-end.ts'
import { type Aftermath, settle } from '#services/s3/write.ts'

type Count = 'expired' | 'removed' | 'moved' | 'aborted'

/** A bucket that is being swept. Its span begins when something is done. */
interface Sweeping {
  readonly bucket: BucketRecord
  readonly lifecycle: Lifecycle
  readonly by: () => Requester & { readonly span: SpanScope }
  count(what: Count): void
}

const NOTHING: Aftermath = { retired: [], told: [] }

export class LifecycleSweep {
  readonly #state: () => S3State
  #alarm: Alarm | undefined
  #running: Promise<void> | undefined
  /** A sweep was due while one was running. */
  #again = false
  #stopped = false

  constructor(state: () => S3State) {
    this.#state = state
  }

  /** Sweeps once, and goes on at midnights while some bucket has rules. */
  begin(): void {
    this.#stopped = false
    this.#sweepOnce()
  }

  /** Some bucket has rules: what they say holds from the next midnight on. */
  watch(): void {
    if (this.#alarm !== undefined || this.#stopped) return
    const { clock } = this.#state()
    this.#alarm = clock.wakeAt(nextMidnight(clock.now()), () => {
      this.#alarm = undefined
      this.#sweepOnce()
      this.watch()
    })
  }

  forget(): void {
    this.#alarm?.cancel()
    this.#alarm = undefined
    this.#again = false
  }

  /** After the sweep of the key that is under way. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.forget()
    await this.#running
  }

  /** The sweep that is under way has ended. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running
  }

  #sweepOnce(): void {
    if (this.#running !== undefined) {
      this.#again = true
      return
    }
    const { log } = this.#state()
    this.#running = this.#sweepAll()
      .catch((error: unknown) => log.error('s3.lifecycle.defect', { error: String(error) }))
      .then(() => {
        this.#running = undefined
        if (!this.#again) return
        this.#again = false
        this.#sweepOnce()
      })
  }

  async #sweepAll(): Promise<void> {
    let found = false
    for await (const bucket of allBuckets(this.#state().store.read)) {
      if (this.#stopped) return
      if (bucket.lifecycle === undefined) continue
      found = true
      await this.#sweepBucket(bucket, bucket.lifecycle)
    }
    if (found) this.watch()
    else this.forget()
  }

  async #sweepBucket(bucket: BucketRecord, lifecycle: Lifecycle): Promise<void> {
    const state = this.#state()
    const { account, region, name } = bucket
    const counts: Partial<Record<Count, number>> = {}
    let by: (Requester & { readonly span: SpanScope }) | undefined
    const sweeping: Sweeping = {
      bucket,
      lifecycle,
      by: () => {
        by ??= {
          account: PRINCIPAL,
          requestId: requestId(state.random),
          span: state.tracer.begin({
            account,
            region,
            service: 's3',
            operation: 'Lifecycle',
            resource: name,
          }),
        }
        return by
      },
      count: (what) => void (counts[what] = (counts[what] ?? 0) + 1),
    }
    try {
      for await (const group of keyGroups(state.store.read, bucket)) {
        if (this.#stopped) break
        if (verdicts(group, lifecycle, state.clock.now()).length > 0)
          await this.#sweepKey(sweeping, group[0]?.key ?? '')
      }
      await this.#sweepUploads(sweeping)
    } finally {
      for (const [what, count] of Object.entries(counts)) by?.span.set(what, count)
      by?.span.end('ok')
    }
  }

  /** Looks again inside the transaction: rules and versions may have changed meanwhile. */
  async #sweepKey(sweeping: Sweeping, key: string): Promise<void> {
    const state = this.#state()
    const aftermath = await state.store.tx(async (tx): Promise<Aftermath> => {
      const bucket = await buckets.get(tx, GLOBAL, sweeping.bucket.name)
      if (bucket?.lifecycle === undefined) return NOTHING
      const group: VersionRecord[] = []
      for await (const [, row] of allBelow(tx, bucket, versions.kind, key)) group.push(versions.decode(row))
      const retired: Retired[] = []
      const told: Added[] = []
      for (const verdict of verdicts(group, bucket.lifecycle, state.clock.now())) {
        const done = await carryOut(state, tx, { ...sweeping, bucket }, { verdict, key })
        retired.push(...done.retired)
        told.push(...done.told)
      }
      return { retired, told }
    })
    await settle(state, aftermath)
  }

  async #sweepUploads(sweeping: Sweeping): Promise<void> {
    const state = this.#state()
    const { bucket, lifecycle } = sweeping
    for await (const [, row] of allBelow(state.store.read, bucket, uploads.kind)) {
      if (this.#stopped) return
      const upload = uploads.decode(row)
      const abort = abortOf(lifecycle, upload)
      if (abort === undefined || abort.at > state.clock.now()) continue
      const retired = await state.store.tx(async (tx) => {
        const found = await uploads.get(tx, ownerOf(bucket), bucket.name, upload.key, upload.order)
        return found === undefined ? [] : abortUpload(state, tx, bucket, found)
      })
      sweeping.by()
      sweeping.count('aborted')
      await state.bodies.retire(retired)
    }
  }
}

/** All versions of each key, the newest first. */
async function* keyGroups(read: Read, bucket: BucketRecord): AsyncGenerator<readonly VersionRecord[]> {
  let group: VersionRecord[] = []
  for await (const [, row] of allBelow(read, bucket, versions.kind)) {
    const record = versions.decode(row)
    if (group.length > 0 && group[0]?.key !== record.key) {
      yield group
      group = []
    }
    group.push(record)
  }
  if (group.length > 0) yield group
}

async function carryOut(
  state: S3State,
  tx: Tx,
  sweeping: Sweeping,
  { verdict, key }: { readonly verdict: Verdict; readonly key: string },
): Promise<Aftermath> {
  const { bucket } = sweeping
  switch (verdict.kind) {
    case 'expire': {
      const target = { key, versionId: undefined, ifMatch: undefined, bypass: false }
      const gone = await deleteOne(state, tx, bucket, target)
      sweeping.count('expired')
      return tellGone(state, tx, sweeping, { key, gone })
    }
    case 'remove': {
      const { record } = verdict
      if (isObject(record) && isLocked(record, state.clock.now(), false)) return NOTHING
      const gone = await removeRecord(state, tx, bucket, record)
      sweeping.count('removed')
      return tellGone(state, tx, sweeping, { key, gone })
    }
    case 'move': {
      const { record, storageClass } = verdict
      versions.put(tx, ownerOf(bucket), [bucket.name, key, record.order], {
        ...record,
        storageClass,
        restore: undefined,
      })
      sweeping.count('moved')
      const { etag, sizeBytes } = record
      const versionId = shownVersionId(bucket, record)
      const happening = {
        name: 'LifecycleTransition',
        key,
        etag,
        sizeBytes,
        versionId,
        storageClass,
      } as const
      return { retired: [], told: state.events.tell(tx, bucket, happening, sweeping.by()) }
    }
    default:
      return verdict satisfies never
  }
}

function tellGone(
  state: S3State,
  tx: Tx,
  { bucket, by }: Sweeping,
  { key, gone }: { readonly key: string; readonly gone: Deleted },
): Aftermath {
  const made = gone.event === 'ObjectRemoved:DeleteMarkerCreated'
  const name: EventName = made ? 'LifecycleExpiration:DeleteMarkerCreated' : 'LifecycleExpiration:Delete'
  const told = state.events.tell(tx, bucket, { name, key, versionId: gone.versionId }, by())
  return { retired: gone.retired, told }
}
