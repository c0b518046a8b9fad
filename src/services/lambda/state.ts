/**
 * What the Lambda service holds: functions by key, as the store has them and as environments run them, and one fleet
 * for each account and region. The store is read when a function is first used and written at each change, never
 * for an invoke.
 */
import { uuid } from '#base/ids.ts'
import { type Instant, instant } from '#base/time.ts'
import type { Store, Tx } from '#ports/store.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import type { EnvironmentView } from '#services/lambda/environment-options.ts'
import { EventSources } from '#services/lambda/event-sources/event-sources.ts'
import { Events } from '#services/lambda/events/shell.ts'
import { functionNotFound } from '#services/lambda/faults.ts'
import { Fleet } from '#services/lambda/fleet.ts'
import { type Live, type LiveFunction, newLive } from '#services/lambda/live.ts'
import { type Owner, functionArn, functionKey } from '#services/lambda/names.ts'
import type { LambdaPorts } from '#services/lambda/ports.ts'
import { Preparing } from '#services/lambda/preparing.ts'
import { ProvisionedConcurrency } from '#services/lambda/provisioned.ts'
import {
  FUNCTIONS,
  type FunctionRecord,
  type VersionRecord,
  everyFunction,
  ownerParts,
} from '#services/lambda/record.ts'
import { dropPlaces } from '#services/lambda/urls/record.ts'
import { type Publication, Versions } from '#services/lambda/versions.ts'

export class LambdaState {
  /** What stands in for what was asked, in sentences: said in every report. */
  readonly notices = new Set<string>()
  readonly ports: LambdaPorts
  readonly events: Events
  readonly eventSources: EventSources
  readonly versions: Versions
  readonly provisioned: ProvisionedConcurrency
  readonly #preparing: Preparing
  readonly #functions = new Map<string, LiveFunction>()
  readonly #fleets = new Map<string, Fleet>()
  readonly #reserved = new Map<string, Promise<void>>()
  #control: Store | undefined
  #generation = 0

  constructor(ports: LambdaPorts) {
    this.ports = ports
    this.events = new Events(this)
    this.eventSources = new EventSources(this)
    this.versions = new Versions(this)
    this.provisioned = new ProvisionedConcurrency(this)
    this.#preparing = new Preparing(this)
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

  /** Keeps a new function, and its first version when one is published. `exists` makes the fault when the name is taken. */
  async create(
    owner: Owner,
    record: FunctionRecord,
    exists: () => Error,
    publish = false,
  ): Promise<Publication | undefined> {
    const publication = await this.control.tx(async (tx) => {
      if ((await FUNCTIONS.get(tx, ownerParts(owner), record.name)) !== undefined) throw exists()
      const first = publish ? await this.versions.next(tx, record, undefined) : undefined
      FUNCTIONS.put(tx, ownerParts(owner), [record.name], first?.of ?? record)
      return first
    })
    const live = newLive(publication?.of ?? record)
    this.#functions.set(functionKey(owner, record.name), live)
    this.prepare(owner, live)
    if (publication !== undefined) this.versions.begin(owner, publication)
    return publication
  }

  /** Changes the stored record; what `edit` throws changes nothing. A new generation is prepared afterwards. */
  async change(
    owner: Owner,
    name: string,
    edit: (record: FunctionRecord, tx: Tx) => FunctionRecord | Promise<FunctionRecord>,
  ): Promise<FunctionRecord> {
    const changed = await this.control.tx(async (tx) => {
      const found = await FUNCTIONS.get(tx, ownerParts(owner), name)
      if (found === undefined) throw functionNotFound(functionArn(owner, name))
      const next = { ...(await edit(found, tx)), change: found.change + 1 }
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

  /** With all its versions. */
  async delete(owner: Owner, name: string): Promise<void> {
    const { of, versions } = await this.control.tx(async (tx) => {
      const found = await FUNCTIONS.get(tx, ownerParts(owner), name)
      if (found === undefined) throw functionNotFound(functionArn(owner, name))
      FUNCTIONS.delete(tx, ownerParts(owner), name)
      dropPlaces(tx, found.urls)
      return { of: found, versions: await this.versions.deleteAll(tx, owner, name) }
    })
    this.#functions.delete(functionKey(owner, name))
    this.versions.forgetAll(owner, versions)
    this.provisioned.forget(owner, name)
    this.fleet(owner).remove(name)
    const blobs = new Set([of, ...versions].map((each) => each.package.blobId))
    for (const blobId of blobs) await this.ports.blobs.delete(blobId)
  }

  /** Puts the record's generation in force, in its own time. */
  prepare(owner: Owner, live: Live): void {
    this.#preparing.begin(owner, live)
  }

  /** For what is active in the store but has not run since the platform started. */
  ensureActive(owner: Owner, live: Live): Promise<ActiveFunction> {
    return this.#preparing.ensureActive(owner, live)
  }

  /** False when it was deleted or replaced meanwhile. */
  isCurrent(owner: Owner, live: Live): boolean {
    return live.record.version === undefined
      ? this.#functions.get(functionKey(owner, live.record.name)) === live
      : this.versions.isCurrent(owner, live)
  }

  /** What preparing came to, unless a newer generation is being prepared. */
  async settle(
    owner: Owner,
    before: VersionRecord,
    changes: Pick<VersionRecord, 'state' | 'runtimeVersion' | 'revisionId'>,
  ): Promise<void> {
    if (before.version !== undefined) await this.versions.settle(owner, before, changes)
    else
      await this.change(owner, before.name, (record) =>
        record.generation === before.generation ? { ...record, ...changes } : record,
      )
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

  /** Recycles or kills environments of all accounts; how many it concerns. */
  endEnvironments(how: 'recycle' | 'kill', isMeant: (view: EnvironmentView) => boolean): number {
    return [...this.#fleets.values()].reduce((sum, fleet) => sum + fleet[how](isMeant), 0)
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
    this.versions.clear()
    this.provisioned.clear()
    this.#fleets.clear()
    this.#reserved.clear()
    await Promise.all(fleets.map((fleet) => fleet.stop()))
  }

  now(): Instant {
    return instant(Math.floor(this.ports.clock.now()))
  }
}
