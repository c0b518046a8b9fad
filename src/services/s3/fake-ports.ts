/** Ports for S3's own tests: blobs in memory, a clock that stands, a call. Never part of a platform. */
import { createHash } from 'node:crypto'
import { type Bytes, concat, hex } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { type Instant, instant } from '#base/time.ts'
import type { Blobs, BlobWritten, ByteRange } from '#ports/blobs.ts'
import type { Clock } from '#ports/clock.ts'
import type { Call } from '#ports/service.ts'
import type { Api } from '#ports/api.ts'
import type { SpanScope, Tracer } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { createS3, type S3State } from '#services/s3/state.ts'

/** Bodies in a map, given out in small chunks; `ids` are all it holds. */
export class MemoryBlobs implements Blobs {
  readonly held = new Map<string, Bytes>()
  #next = 0

  async write(source: AsyncIterable<Bytes>, each?: (chunk: Bytes) => void): Promise<BlobWritten> {
    const chunks: Bytes[] = []
    for await (const chunk of source) {
      each?.(chunk)
      chunks.push(new Uint8Array(chunk))
    }
    const bytes = concat(chunks)
    const id = `blob-${this.#next++}`
    this.held.set(id, bytes)
    const digest = (name: string): string => hex(createHash(name).update(bytes).digest())
    return { id, sizeBytes: bytes.length, md5: digest('md5'), sha256: digest('sha256') }
  }

  async read(id: string, range?: ByteRange): Promise<AsyncIterable<Bytes> | undefined> {
    const bytes = this.held.get(id)
    if (bytes === undefined) return undefined
    return this.#chunks(id, range === undefined ? bytes : bytes.subarray(range.start, range.end + 1))
  }

  /** Looks again before each chunk: a body that is deleted under its reader is a failure. */
  async *#chunks(id: string, bytes: Bytes): AsyncGenerator<Bytes> {
    for (let at = 0; at < bytes.length; at += 65_536) {
      if (!this.held.has(id)) throw new Error(`blob ${id} was deleted while it was read`)
      yield bytes.subarray(at, at + 65_536)
    }
  }

  async delete(id: string): Promise<void> {
    this.held.delete(id)
  }

  async clear(): Promise<void> {
    this.held.clear()
  }

  async *ids(): AsyncGenerator<string> {
    yield* this.held.keys()
  }
}

/** Stands at its time until it is set. */
export class StandingClock implements Clock {
  at: Instant = instant(1_790_000_000_000)
  now(): Instant {
    return this.at
  }
  elapsed(): number {
    return 0
  }
  wall(): Instant {
    return this.at
  }
  readonly #alarms = new Map<() => void, Instant>()

  wakeAt(at: Instant, run: () => void): { cancel(): void } {
    const ring = (): void => run()
    this.#alarms.set(ring, at)
    return { cancel: () => void this.#alarms.delete(ring) }
  }

  /** Alarms that wait. */
  get pending(): number {
    return this.#alarms.size
  }

  /** Stands at a later time; what was due on the way rings in its order, each at its time. */
  async moveTo(at: Instant, settled: () => Promise<void>): Promise<void> {
    for (;;) {
      const next = [...this.#alarms].filter(([, due]) => due <= at).toSorted(([, a], [, b]) => a - b)[0]
      if (next === undefined) break
      this.at = next[1]
      this.#alarms.delete(next[0])
      next[0]()
      await settled()
    }
    this.at = at
  }
  after(): { cancel(): void } {
    return { cancel: () => undefined }
  }
}

const span: SpanScope = {
  traceId: '1-00000000-000000000000000000000000',
  id: '0000000000000000',
  header: () => '',
  set: () => undefined,
  link: () => undefined,
  child: () => '',
  open: () => span,
  end: () => undefined,
}

export function fakeCall(more: Partial<Call> = {}): Call {
  return {
    account: DEFAULT_ACCOUNT,
    region: DEFAULT_REGION,
    requestId: requestId(seeded(1)),
    at: instant(1_790_000_000_000),
    span,
    accessKeyId: 'test',
    endpoint: 'http://localhost:4566',
    host: 'localhost',
    headers: {},
    presigned: false,
    signal: new AbortController().signal,
    ...more,
  }
}

export interface FakeS3 {
  readonly state: S3State
  readonly blobs: MemoryBlobs
  readonly clock: StandingClock
  readonly usage: UsageRecord[]
}

export interface FakeOutside {
  readonly api: Api
  readonly targets: Targets
  readonly tracer: Tracer
}

/** Everything is there, and takes what it is given. */
const OUTSIDE: FakeOutside = {
  // What the operations answer is not looked at.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  api: { call: () => Promise.resolve({}) as Promise<never>, has: () => true },
  targets: { deliver: () => Promise.resolve({ kind: 'accepted' }) },
  tracer: { begin: () => span },
}

export function fakeS3(stores: Stores, outside: Partial<FakeOutside> = {}): FakeS3 {
  const fake = { ...OUTSIDE, ...outside }
  const blobs = new MemoryBlobs()
  const clock = new StandingClock()
  const usage: UsageRecord[] = []
  const quiet = (): void => undefined
  const state = createS3({
    clock,
    random: seeded(7),
    stores,
    blobs,
    api: fake.api,
    targets: fake.targets,
    tracer: fake.tracer,
    usage: { record: (record) => void usage.push(record), read: () => Promise.resolve(usage) },
    log: { error: quiet, warn: quiet, info: quiet, debug: quiet },
  })
  return { state, blobs, clock, usage }
}

/** A body as the wire hands it over, in chunks of at most that many bytes. */
export async function* bodyOf(bytes: Bytes, chunkBytes = 65_536): AsyncGenerator<Bytes> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes)
}

/** All bytes of an answer's body. */
export async function bytesOf(body: Bytes | AsyncIterable<Bytes> | undefined): Promise<Bytes> {
  if (body === undefined) return new Uint8Array(0)
  if (body instanceof Uint8Array) return body
  const chunks: Bytes[] = []
  for await (const chunk of body) chunks.push(chunk)
  return concat(chunks)
}

/** The fault of a refused operation, whose answer (a promise) is given; one that succeeds is a failure. */
export function faultOf(answer: unknown): Promise<Fault> {
  return faultIn(() => answer)
}

/** The fault that the call throws. */
export async function faultIn(run: () => unknown): Promise<Fault> {
  try {
    await run()
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('it was expected to be refused')
}
