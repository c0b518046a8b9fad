/**
 * Published versions: code and configuration as they were, under a number that is never used twice. Here they are made,
 * found and deleted; which one an invoke means is `qualifiers.ts`. In memory once they have been used.
 */
import { uuid } from '#base/ids.ts'
import type { Read, Tx } from '#ports/store.ts'
import { functionNotFound, versionHasAliases } from '#services/lambda/faults.ts'
import { type Owner, functionArn, functionKey } from '#services/lambda/names.ts'
import { versionKey } from '#services/lambda/pool-state.ts'
import {
  FUNCTIONS,
  type FunctionRecord,
  VERSIONS,
  type VersionRecord,
  everyVersion,
  fingerprintOf,
  ownerParts,
  versionOf,
  withoutQualifier,
} from '#services/lambda/record.ts'
import { type Live, newLive } from '#services/lambda/live.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** A version that was just made, or the last one when it would have been the same. */
export interface Publication {
  readonly version: VersionRecord
  /** The function's record afterwards. */
  readonly of: FunctionRecord
  readonly made: boolean
}

export class Versions {
  readonly #state: LambdaState
  readonly #live = new Map<string, Live>()

  constructor(state: LambdaState) {
    this.#state = state
  }

  /** From memory or else the store; undefined when there is none of that number. */
  find(owner: Owner, name: string, version: string): Live | Promise<Live | undefined> {
    return this.#live.get(this.#key(owner, name, version)) ?? this.#load(owner, name, version)
  }

  isCurrent(owner: Owner, live: Live): boolean {
    return this.#live.get(this.#key(owner, live.record.name, versionOf(live.record))) === live
  }

  async #load(owner: Owner, name: string, version: string): Promise<Live | undefined> {
    const { control } = this.#state
    const record = await VERSIONS.get(control.read, ownerParts(owner), name, Number(version))
    // `01` is no name of version 1.
    if (record === undefined || record.version !== version) return undefined
    const key = this.#key(owner, name, version)
    const raced = this.#live.get(key)
    if (raced !== undefined) return raced
    return this.#add(owner, record)
  }

  #add(owner: Owner, record: VersionRecord): Live {
    const live = newLive(record)
    this.#live.set(this.#key(owner, record.name, versionOf(record)), live)
    if (record.state.kind === 'pending') this.#state.prepare(owner, live)
    return live
  }

  #key(owner: Owner, name: string, version: string): string {
    return versionKey(functionKey(owner, name), version)
  }

  /**
   * The next version of the record, or the last one when code and configuration are what they were then. Writes the
   * version only; the caller keeps the function's record in the same transaction, then calls `begin`.
   */
  async next(tx: Tx, of: FunctionRecord, description: string | undefined): Promise<Publication> {
    const owner = [of.account, of.region]
    const fingerprint = fingerprintOf(of)
    if (of.published?.fingerprint === fingerprint) {
      const last = await VERSIONS.get(tx, owner, of.name, Number(of.published.version))
      if (last !== undefined) return { version: last, of, made: false }
    }
    const number = (of.lastVersion ?? 0) + 1
    const { ports } = this.#state
    const version: VersionRecord = {
      account: of.account,
      region: of.region,
      name: of.name,
      version: `${number}`,
      settings: { ...of.settings, description: description ?? of.settings.description },
      architecture: of.architecture,
      package: of.package,
      layers: of.layers,
      revisionId: uuid(ports.random),
      lastModifiedAt: Math.floor(ports.clock.now()),
      change: 1,
      generation: this.#state.nextGeneration(),
      runtimeVersion: of.runtimeVersion,
      state: { kind: 'pending' },
    }
    VERSIONS.put(tx, owner, [of.name, number], version)
    const published = { version: `${number}`, fingerprint }
    return { version, of: { ...of, lastVersion: number, published }, made: true }
  }

  /** Prepares a version that was just made. */
  begin(owner: Owner, { version, made }: Publication): void {
    if (!made) return
    this.#add(owner, version)
    if (version.settings.snapStart === 'PublishedVersions') this.#tellNoSnapStart(version)
  }

  #tellNoSnapStart({ name, version }: VersionRecord): void {
    this.#state.ports.log.warn('lambda.snapstart.absent', { function: name, version })
    this.#state.notices.add(`SnapStart is not here: version ${version} of ${name} starts like any other.`)
  }

  /** Changes the state of a version that is still there. */
  async settle(
    owner: Owner,
    before: VersionRecord,
    changes: Pick<VersionRecord, 'state' | 'runtimeVersion' | 'revisionId'>,
  ): Promise<void> {
    const version = versionOf(before)
    const name: [string, number] = [before.name, Number(version)]
    const changed = await this.#state.control.tx(async (tx) => {
      const found = await VERSIONS.get(tx, ownerParts(owner), ...name)
      if (found === undefined) throw functionNotFound(functionArn(owner, before.name, version))
      const next = { ...found, ...changes, change: found.change + 1 }
      VERSIONS.put(tx, ownerParts(owner), name, next)
      return next
    })
    const live = this.#live.get(this.#key(owner, before.name, version))
    if (live !== undefined) live.record = changed
  }

  /** Harmless when there is none of that number. Fault: an alias names it. Source: recorded AWS answers. */
  async delete(owner: Owner, name: string, version: string): Promise<void> {
    let deleted: VersionRecord | undefined
    await this.#state.change(owner, name, async (of, tx) => {
      const aliases = Object.entries(of.aliases ?? {}).filter(
        ([, alias]) => alias.version === version || alias.second?.version === version,
      )
      if (aliases.length > 0) throw versionHasAliases(aliases.map(([alias]) => alias))
      const found = await VERSIONS.get(tx, ownerParts(owner), name, Number(version))
      deleted = found?.version === version ? found : undefined
      if (deleted === undefined) return of
      VERSIONS.delete(tx, ownerParts(owner), name, Number(version))
      return withoutQualifier(of, version)
    })
    if (deleted === undefined) return
    this.#state.provisioned.forget(owner, name, version)
    this.#forget(owner, name, version)
    await this.releasePackage(owner, name, deleted.package.blobId)
  }

  #forget(owner: Owner, name: string, version: string): void {
    this.#live.delete(this.#key(owner, name, version))
    this.#state.fleet(owner).removeVersion(name, version)
  }

  /** All of a function that is deleted in this transaction; `forgetAll` follows. */
  async deleteAll(tx: Tx, owner: Owner, name: string): Promise<VersionRecord[]> {
    const all: VersionRecord[] = []
    for await (const record of everyVersion(tx, owner, name)) all.push(record)
    for (const { version } of all) VERSIONS.delete(tx, ownerParts(owner), name, Number(version))
    return all
  }

  forgetAll(owner: Owner, records: readonly VersionRecord[]): void {
    for (const record of records) this.#live.delete(this.#key(owner, record.name, versionOf(record)))
  }

  clear(): void {
    this.#live.clear()
  }

  /** Deletes a package that nothing of the function names any more. */
  async releasePackage(owner: Owner, name: string, blobId: string): Promise<void> {
    const { control, ports } = this.#state
    if (!(await isNamed(control.read, owner, name, blobId))) await ports.blobs.delete(blobId)
  }
}

async function isNamed(from: Read, owner: Owner, name: string, blobId: string): Promise<boolean> {
  const of = await FUNCTIONS.get(from, ownerParts(owner), name)
  if (of?.package.blobId === blobId) return true
  for await (const version of everyVersion(from, owner, name))
    if (version.package.blobId === blobId) return true
  return false
}
