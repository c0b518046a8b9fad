/**
 * All mappings of the platform: their records in the store (file `control`) and in memory, and a consumer for each that
 * is enabled. A change is durable before it is answered and takes effect right after; what a crash cuts off follows from
 * the record at the next start.
 */
import { partsOf } from '#base/key.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, accountId, regionOf } from '#base/ids.ts'
import { compileFilterCriteria } from '#engines/patterns/filter-criteria.ts'
import { Consumer, type ConsumerParts, type Holding } from '#services/lambda/event-sources/consumer.ts'
import { mappingExists, noSuchMapping } from '#services/lambda/event-sources/faults.ts'
import { batchInvoker } from '#services/lambda/event-sources/invoking.ts'
import { MAPPINGS, type MappingRecord, type MappingState } from '#services/lambda/event-sources/record.ts'
import { lineageMark } from '#services/lambda/events/lineage.ts'
import { type Owner, functionArn, isLatest } from '#services/lambda/names.ts'
import type { LambdaState } from '#services/lambda/state.ts'

export interface Mapping {
  readonly owner: Owner
  record: MappingRecord
  consumer: Consumer | undefined
  /** The transition under way. */
  settling: Promise<void> | undefined
}

const PAGE = 1_000
/** Beyond every key that is made of texts and numbers. */
const END = Uint8Array.of(0xff)

export class EventSources {
  readonly #state: LambdaState
  readonly #holding: Holding = { bytes: 0 }
  #mappings = new Map<string, Mapping>()
  #loading: Promise<void> | undefined
  #stopped = false

  constructor(state: LambdaState) {
    this.#state = state
  }

  /** Reads the mappings and goes on with those that are enabled. Once; the first operation does it if nobody else has. */
  resume(): Promise<void> {
    this.#loading ??= this.#load()
    return this.#loading
  }

  async #load(): Promise<void> {
    const mappings = this.#mappings
    const found: MappingRecord[] = []
    const { read } = this.#state.control
    let from: Uint8Array = new Uint8Array(0)
    for (;;) {
      const page = await read.range({ from, to: END, limit: PAGE })
      for (const [key, value] of page)
        if (partsOf(key)[2] === MAPPINGS.kind) found.push(MAPPINGS.decode(value))
      const last = page.at(-1)?.[0]
      if (page.length < PAGE || last === undefined) break
      from = new Uint8Array([...last, 0])
    }
    if (mappings !== this.#mappings) return
    for (const record of found) {
      const owner = {
        account: accountId(record.account) ?? DEFAULT_ACCOUNT,
        region: regionOf(record.region) ?? DEFAULT_REGION,
      }
      const mapping: Mapping = { owner, record, consumer: undefined, settling: undefined }
      mappings.set(record.id, mapping)
      this.#settle(mapping)
    }
    if (found.length > 0)
      this.#state.ports.log.info('lambda.event-sources.resumed', { mappings: found.length })
  }

  /** Those of an owner, by id. */
  async list(owner: Owner): Promise<Mapping[]> {
    await this.resume()
    return [...this.#mappings.values()]
      .filter(({ record }) => isOf(record, owner))
      .sort((a, b) => (a.record.id < b.record.id ? -1 : 1))
  }

  /** Fault ResourceNotFoundException. */
  async get(owner: Owner, id: string): Promise<Mapping> {
    await this.resume()
    const mapping = this.#mappings.get(id)
    if (mapping === undefined || !isOf(mapping.record, owner)) throw noSuchMapping()
    return mapping
  }

  /** Fault ResourceConflictException: a function has one mapping for a source. */
  async create(owner: Owner, record: MappingRecord): Promise<Mapping> {
    await this.resume()
    this.#checkSingle(owner, record)
    const mapping: Mapping = { owner, record, consumer: undefined, settling: undefined }
    this.#mappings.set(record.id, mapping)
    const written = this.#write(record)
    this.#settle(mapping, written)
    await written
    return mapping
  }

  /** Changes a mapping that is at rest; what `edit` throws changes nothing. */
  async change(
    owner: Owner,
    id: string,
    edit: (record: MappingRecord) => MappingRecord,
  ): Promise<MappingRecord> {
    const mapping = await this.#atRest(owner, id)
    const changed = edit(mapping.record)
    this.#checkSingle(owner, changed)
    mapping.record = changed
    const written = this.#write(changed)
    this.#settle(mapping, written)
    await written
    return changed
  }

  /** Changes what consumers do not see, such as tags. */
  async amend(owner: Owner, id: string, edit: (record: MappingRecord) => MappingRecord): Promise<void> {
    const mapping = await this.#atRest(owner, id)
    mapping.record = edit(mapping.record)
    await this.#write(mapping.record)
  }

  /** Operations come one after the other: each finds the mapping as the one before left it. */
  async #atRest(owner: Owner, id: string): Promise<Mapping> {
    for (;;) {
      const mapping = await this.get(owner, id)
      if (mapping.settling === undefined) return mapping
      await mapping.settling
    }
  }

  #checkSingle(owner: Owner, { id, sourceArn, settings }: MappingRecord): void {
    const { functionName: name, qualifier } = settings
    for (const { record } of this.#mappings.values()) {
      if (record.id === id || record.sourceArn !== sourceArn || !isOf(record, owner)) continue
      // One for each qualifier, as each has an ARN of its own (inferred).
      const isSame = record.settings.functionName === name && record.settings.qualifier === qualifier
      if (isSame) throw mappingExists(sourceArn, name, record.id)
    }
  }

  async #write(record: MappingRecord): Promise<void> {
    await this.#state.control.tx((tx) => MAPPINGS.put(tx, ownerPartsOf(record), [record.id], record))
  }

  /** When the record is written: does what its state announces, and writes the state that it leads to. */
  #settle(mapping: Mapping, written: Promise<void> = Promise.resolve()): void {
    const mappings = this.#mappings
    const settling = written
      .then(() => this.#settled(mapping))
      .catch((error: unknown) => {
        // Reset or stopped meanwhile: the record says what is to be done at the next start.
        if (!this.#stopped && mappings === this.#mappings) throw error
      })
      .finally(() => {
        if (mapping.settling === settling) mapping.settling = undefined
      })
    mapping.settling = settling
  }

  async #settled(mapping: Mapping): Promise<void> {
    const { record } = mapping
    const enabled = record.state !== 'Deleting' && record.settings.enabled
    if (enabled) this.#consume(mapping)
    else mapping.consumer?.pause()
    if (record.state === 'Deleting') {
      await mapping.consumer?.stop()
      await this.#state.control.tx((tx) => MAPPINGS.delete(tx, ownerPartsOf(record), record.id))
      this.#mappings.delete(record.id)
      return
    }
    const state: MappingState = enabled ? 'Enabled' : 'Disabled'
    if (record.state === state) return
    mapping.record = { ...record, state }
    await this.#write(mapping.record)
  }

  #consume(mapping: Mapping): void {
    if (this.#stopped) return
    const parts = this.#partsOf(mapping)
    if (mapping.consumer === undefined)
      mapping.consumer = new Consumer(this.#state.ports, mapping.record, parts)
    else mapping.consumer.configure(mapping.record, parts)
    mapping.consumer.start()
  }

  #partsOf({ owner, record }: Mapping): ConsumerParts {
    const state = this.#state
    const { functionName: name, qualifier, filters } = record.settings
    const filter = compileFilterCriteria(filters, 'body')
    const arn = functionArn(owner, name)
    const missing = `Function not found: ${functionArn(owner, name, qualifier)}`
    return {
      filter: filter.ok && filters.length > 0 ? filter.value : undefined,
      lineageMark: lineageMark(arn),
      holding: this.#holding,
      invoke: batchInvoker(state, owner, { name, qualifier }),
      missing: () => {
        if (!isLatest(qualifier)) return missing
        const live = state.find(owner, name)
        if (!(live instanceof Promise)) return undefined
        return live.then((found) => (found === undefined ? missing : undefined))
      },
    }
  }

  /** Forgets all mappings; the caller empties the store. */
  async reset(): Promise<void> {
    const stopping = [...this.#mappings.values()].map(async ({ consumer }) => await consumer?.stop())
    this.#mappings = new Map()
    this.#loading = undefined
    await Promise.all(stopping)
  }

  /** Polls no more. What was received and not deleted becomes visible again. */
  async stop(): Promise<void> {
    this.#stopped = true
    await this.reset()
  }
}

const isOf = (record: MappingRecord, owner: Owner): boolean =>
  record.account === owner.account && record.region === owner.region

const ownerPartsOf = ({ account, region }: MappingRecord): [string, string] => [account, region]
