/**
 * What the Lambda service holds: functions by key, as the store has them and as environments run them, and one fleet
 * for each account and region. The store is read when a function is first used and written at each change, never
 * for an invoke.
 */
import { Trouble } from '#base/trouble.ts'
import { type Instant, instant, seconds } from '#base/time.ts'
import { uuid } from '#base/ids.ts'
import type { Store } from '#ports/store.ts'
import { type ActiveFunction, runtimeVersionArn } from '#services/lambda/active-function.ts'
import type { EnvironmentView } from '#services/lambda/environment-options.ts'
import { EventSources } from '#services/lambda/event-sources/event-sources.ts'
import { lineageMark } from '#services/lambda/events/lineage.ts'
import { Events } from '#services/lambda/events/shell.ts'
import { functionNotFound, serviceTrouble } from '#services/lambda/faults.ts'
import { Fleet } from '#services/lambda/fleet.ts'
import { type Owner, functionArn, functionKey } from '#services/lambda/names.ts'
import { keptPackage, stagePackage } from '#services/lambda/package-source.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'
import {
  FUNCTIONS,
  type FunctionRecord,
  type FunctionState,
  everyFunction,
  ownerParts,
} from '#services/lambda/record.ts'
import type { FoundRuntime } from '#ports/sandboxes.ts'

type RuntimeHere = FoundRuntime & { readonly kind: 'found' }
type Provided = RuntimeHere | { readonly kind: 'failed'; readonly reason: string; readonly code: string }

export interface LiveFunction {
  record: FunctionRecord
  /** What invokes run: the newest generation whose code and runtime are there. */
  active: ActiveFunction | undefined
  /** The preparation under way of a generation. */
  preparing: Promise<void> | undefined
  /** Why it cannot be run on this machine, in words; empty when it can. */
  trouble: string
}

const newLive = (record: FunctionRecord): LiveFunction => ({
  record,
  active: undefined,
  preparing: undefined,
  trouble: '',
})

export class LambdaState {
  /** What stands in for what was asked, in sentences: said in every report. */
  readonly notices = new Set<string>()
  readonly ports: LambdaPorts
  readonly events: Events
  readonly eventSources: EventSources
  readonly #functions = new Map<string, LiveFunction>()
  readonly #fleets = new Map<string, Fleet>()
  readonly #reserved = new Map<string, Promise<void>>()
  #control: Store | undefined
  #generation = 0

  constructor(ports: LambdaPorts) {
    this.ports = ports
    this.events = new Events(this)
    this.eventSources = new EventSources(this)
  }

  get control(): Store {
    this.#control ??= this.ports.stores.open('control')
    return this.#control
  }

  fleet(owner: Owner): Fleet {
    const key = `${owner.account}/${owner.region}`
    const known = this.#fleets.get(key)
    if (known !== undefined) return known
    const made = new Fleet(this.ports, owner)
    this.#fleets.set(key, made)
    return made
  }

  /** The function if it has been used since the start. */
  known(owner: Owner, name: string): LiveFunction | undefined {
    return this.#functions.get(functionKey(owner, name))
  }

  /** The function, from memory or else the store; undefined when there is none. */
  find(owner: Owner, name: string): LiveFunction | Promise<LiveFunction | undefined> {
    return this.#functions.get(functionKey(owner, name)) ?? this.#load(owner, name)
  }

  async #load(owner: Owner, name: string): Promise<LiveFunction | undefined> {
    const record = await FUNCTIONS.get(this.control.read, ownerParts(owner), name)
    if (record === undefined) return undefined
    const key = functionKey(owner, name)
    const raced = this.#functions.get(key)
    if (raced !== undefined) return raced
    const live = newLive(record)
    this.#functions.set(key, live)
    // A platform that ended while the function was prepared goes on with it.
    if (record.state.kind === 'pending' || record.state.kind === 'updating') this.prepare(owner, live)
    return live
  }

  /** Fault: function not found; the text's ARN has that qualifier. */
  async get(owner: Owner, name: string, qualifier?: string): Promise<LiveFunction> {
    const live = await this.find(owner, name)
    if (live === undefined) throw functionNotFound(functionArn(owner, name, qualifier))
    return live
  }

  /** Keeps a new function. `exists` makes the fault when the name is taken. */
  async create(owner: Owner, record: FunctionRecord, exists: () => Error): Promise<LiveFunction> {
    await this.control.tx(async (tx) => {
      if ((await FUNCTIONS.get(tx, ownerParts(owner), record.name)) !== undefined) throw exists()
      FUNCTIONS.put(tx, ownerParts(owner), [record.name], record)
    })
    const live = newLive(record)
    this.#functions.set(functionKey(owner, record.name), live)
    this.prepare(owner, live)
    return live
  }

  /** Changes the stored record; what `edit` throws changes nothing. A new generation is prepared afterwards. */
  async change(
    owner: Owner,
    name: string,
    edit: (record: FunctionRecord) => FunctionRecord,
  ): Promise<FunctionRecord> {
    const changed = await this.control.tx(async (tx) => {
      const found = await FUNCTIONS.get(tx, ownerParts(owner), name)
      if (found === undefined) throw functionNotFound(functionArn(owner, name))
      const next = { ...edit(found), change: found.change + 1 }
      FUNCTIONS.put(tx, ownerParts(owner), [name], next)
      return next
    })
    const live = this.#functions.get(functionKey(owner, name))
    if (live !== undefined && live.record.change < changed.change) live.record = changed
    return changed
  }

  /** A number that no generation of any function had before, also not before a restart. */
  nextGeneration(): number {
    this.#generation = Math.max(this.#generation + 1, Math.floor(this.ports.clock.wall()))
    return this.#generation
  }

  /** The record's marks of a change that callers made, as opposed to one of state. */
  marks(): Pick<FunctionRecord, 'revisionId' | 'lastModifiedAt'> {
    return { revisionId: uuid(this.ports.random), lastModifiedAt: Math.floor(this.ports.clock.now()) }
  }

  async delete(owner: Owner, name: string): Promise<FunctionRecord> {
    const deleted = await this.control.tx(async (tx) => {
      const found = await FUNCTIONS.get(tx, ownerParts(owner), name)
      if (found === undefined) throw functionNotFound(functionArn(owner, name))
      FUNCTIONS.delete(tx, ownerParts(owner), name)
      return found
    })
    this.#functions.delete(functionKey(owner, name))
    this.fleet(owner).remove(name)
    await this.ports.blobs.delete(deleted.package.blobId)
    return deleted
  }

  /** Puts the record's generation in force: its code is there already, its runtime is found or fetched. */
  prepare(owner: Owner, live: LiveFunction): void {
    const preparing = this.#prepare(owner, live).finally(() => {
      if (live.preparing === preparing) live.preparing = undefined
    })
    live.preparing = preparing
  }

  async #prepare(owner: Owner, live: LiveFunction): Promise<void> {
    const { record } = live
    const isCurrent = (): boolean => this.#functions.get(functionKey(owner, record.name)) === live
    const prepared = await this.reservations(owner)
      .then(() => this.#provide(record))
      .catch((error: unknown) => {
        // Deleted, reset or stopped meanwhile: what goes wrong then is nobody's concern.
        if (isCurrent()) throw error
        return undefined
      })
    if (prepared === undefined || !isCurrent()) return
    live.trouble = prepared.kind === 'found' ? '' : prepared.reason
    if (prepared.kind === 'found') this.activate(owner, live, prepared)
    if (record.state.kind === 'pending' || record.state.kind === 'updating')
      await this.#settle(owner, live, record, prepared)
  }

  /** Reservations of functions that have not run yet count too: read once for each fleet. */
  reservations(owner: Owner): Promise<void> {
    const key = ownerParts(owner).join('/')
    const known = this.#reserved.get(key)
    if (known !== undefined) return known
    const reading = this.#readReservations(owner)
    this.#reserved.set(key, reading)
    return reading
  }

  async #readReservations(owner: Owner): Promise<void> {
    for await (const record of everyFunction(this.control.read, owner))
      if (record.reserved !== undefined) this.fleet(owner).reserve(record.name, record.reserved)
  }

  /** Code and runtime of a record, or why this machine cannot have them. */
  async #provide(record: FunctionRecord): Promise<Provided> {
    try {
      const runtime = await this.ports.sandboxes.runtime(record.settings.runtime)
      if (runtime.kind === 'missing')
        return { kind: 'failed', reason: `${runtime.reason} ${runtime.remedy}`, code: 'InvalidRuntime' }
      if (await this.#staged(record)) return runtime
      return {
        kind: 'failed',
        reason: 'The package of the function is not there any more.',
        code: 'InvalidZipFileException',
      }
    } catch (error) {
      if (!(error instanceof Trouble)) throw error
      return {
        kind: 'failed',
        reason: `${error.message}: ${error.thing}. ${error.remedy}`,
        code: 'InternalError',
      }
    }
  }

  async #settle(owner: Owner, live: LiveFunction, before: FunctionRecord, prepared: Provided): Promise<void> {
    const failed = prepared.kind === 'failed' ? prepared : undefined
    const state: FunctionState =
      failed === undefined
        ? { kind: 'active' }
        : {
            kind: before.state.kind === 'pending' ? 'failed' : 'update-failed',
            reason: failed.reason,
            code: failed.code,
          }
    if (failed !== undefined)
      this.ports.log.warn('lambda.function.failed', {
        function: functionArn(owner, before.name),
        why: failed.reason,
      })
    const runtimeVersion = prepared.kind === 'found' ? prepared.version : before.runtimeVersion
    try {
      await this.change(owner, before.name, (record) =>
        record.generation === before.generation
          ? { ...record, state, runtimeVersion, revisionId: uuid(this.ports.random) }
          : record,
      )
    } catch (error) {
      // Deleted meanwhile: there is nothing left to settle.
      if (this.#functions.get(functionKey(owner, before.name)) === live) throw error
    }
  }

  /** True when the code's folder is there, after it was made again from the package if need be. */
  async #staged(record: FunctionRecord): Promise<boolean> {
    const { sandboxes } = this.ports
    if (await sandboxes.staged(record.package.code.id)) return true
    const zip = await keptPackage(record.package.blobId, this.ports)
    if (zip === undefined) return false
    await stagePackage(zip, this.ports)
    return true
  }

  activate(owner: Owner, live: LiveFunction, runtime: RuntimeHere): void {
    const { record } = live
    const { settings } = record
    if (runtime.notice !== undefined) this.notices.add(runtime.notice)
    if (runtime.notice !== undefined)
      this.ports.log.warn('lambda.runtime.stand-in', { runtime: settings.runtime, notice: runtime.notice })
    live.active = {
      owner,
      name: record.name,
      arn: functionArn(owner, record.name),
      lineageMark: lineageMark(functionArn(owner, record.name)),
      generation: record.generation,
      code: record.package.code,
      runtime: {
        identifier: runtime.identifier,
        version: runtime.version,
        versionArn: runtimeVersionArn(owner.region, runtime.version),
      },
      handler: settings.handler,
      role: settings.role,
      timeoutMs: seconds(settings.timeoutSeconds),
      memoryMb: settings.memoryMb,
      ephemeralMb: settings.ephemeralMb,
      architecture: record.architecture,
      variables: settings.variables ?? {},
      logGroup: settings.logGroup,
      logFormat: settings.logFormat,
      applicationLogLevel: settings.applicationLogLevel,
      systemLogLevel: settings.systemLogLevel,
      traced: settings.tracingMode === 'Active',
    }
    this.fleet(owner).configure(live.active, record.reserved)
  }

  /** For a function that is active in the store but has not run since the platform started. */
  async ensureActive(owner: Owner, live: LiveFunction): Promise<ActiveFunction> {
    if (live.active === undefined) {
      if (live.preparing === undefined) this.prepare(owner, live)
      await live.preparing
    }
    if (live.active === undefined) throw serviceTrouble(live.trouble)
    return live.active
  }

  environments(): EnvironmentView[] {
    return [...this.#fleets.values()].flatMap((fleet) => fleet.views())
  }

  /** As `stop`, and forgets the events: the caller empties the store. */
  async reset(): Promise<void> {
    await this.eventSources.reset()
    await this.events.reset()
    await this.#end()
  }

  /** Ends all environments and forgets all functions; the store is not touched. Preparations under way come to nothing. */
  async stop(): Promise<void> {
    const stopping = Promise.all([this.eventSources.stop(), this.events.stop()])
    await this.#end()
    await stopping
  }

  async #end(): Promise<void> {
    const fleets = [...this.#fleets.values()]
    this.#functions.clear()
    this.#fleets.clear()
    this.#reserved.clear()
    await Promise.all(fleets.map((fleet) => fleet.stop()))
  }

  now(): Instant {
    return instant(Math.floor(this.ports.clock.now()))
  }
}
