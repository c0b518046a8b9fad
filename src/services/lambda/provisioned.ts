/**
 * Provisioned concurrency of versions and aliases: what was asked for, in the function's record; what has come of it, in
 * the fleet's pool; and its bill, which runs from when it is enabled until it is not. An alias that is moved takes its
 * environments along: they are started anew of the version that it names then.
 */
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, accountId, regionOf } from '#base/ids.ts'
import { partsOf } from '#base/key.ts'
import { later } from '#base/time.ts'
import type { Alarm } from '#ports/clock.ts'
import type { ActiveFunction } from '#services/lambda/active-function.ts'
import { provisionedLine } from '#services/lambda/billing.ts'
import { PROVISIONED_BILLING_MS } from '#services/lambda/limits.ts'
import { type Owner, functionKey } from '#services/lambda/names.ts'
import type { ProvisionedView } from '#services/lambda/pool-provisioned.ts'
import { versionKey } from '#services/lambda/pool-state.ts'
import { findVersion, versionNamed } from '#services/lambda/qualifiers.ts'
import { FUNCTIONS, type FunctionRecord } from '#services/lambda/record.ts'
import { billedTo } from '#services/lambda/run.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** One that is enabled. */
interface Enabled {
  readonly owner: Owner
  readonly name: string
  readonly qualifier: string
  count: number
  /** Counts what was asked: only the last counts. */
  turn: number
  of: ActiveFunction | undefined
  /** Why its version could not be run at all. */
  trouble: string
  /** Environments that the portion under way is billed for. */
  billed: number
  alarm: Alarm | undefined
}

export class ProvisionedConcurrency {
  readonly #state: LambdaState
  readonly #enabled = new Map<string, Enabled>()

  constructor(state: LambdaState) {
    this.#state = state
  }

  /** Makes it what the record says, now that it says another thing. What the machine cannot do is told by `view`. */
  apply(owner: Owner, record: FunctionRecord, qualifier: string): void {
    const key = keyOf(owner, record.name, qualifier)
    const wish = record.provisioned?.[qualifier]
    const known = this.#enabled.get(key)
    if (wish === undefined) {
      if (known !== undefined) this.#disable(key, known)
      return
    }
    const enabled: Enabled = known ?? {
      owner,
      name: record.name,
      qualifier,
      count: 0,
      turn: 0,
      of: undefined,
      trouble: '',
      billed: 0,
      alarm: undefined,
    }
    enabled.count = wish.count
    enabled.turn++
    this.#enabled.set(key, enabled)
    void this.#start(enabled, record)
  }

  async #start(enabled: Enabled, record: FunctionRecord): Promise<void> {
    const { owner, name, qualifier, turn } = enabled
    const isCurrent = (): boolean =>
      this.#enabled.get(keyOf(owner, name, qualifier)) === enabled && enabled.turn === turn
    try {
      const live = await findVersion(this.#state, owner, name, versionNamed(record, qualifier))
      if (live === undefined || !isCurrent()) return
      const of = await this.#state.ensureActive(owner, live)
      if (!isCurrent()) return
      enabled.of = of
      enabled.trouble = ''
      this.#state.fleet(owner).provision(of, qualifier, enabled.count)
      this.#bill(enabled)
    } catch (error) {
      // Deleted, reset or stopped meanwhile: what goes wrong then is nobody's concern.
      if (!isCurrent()) return
      if (!(error instanceof Fault)) throw error
      enabled.trouble = error.message
    }
  }

  /** In portions from when it was enabled; more environments within one are billed for the whole of it (inferred). */
  #bill(enabled: Enabled): void {
    const { ports } = this.#state
    const { of, count } = enabled
    if (of !== undefined && count > enabled.billed) {
      const line = provisionedLine(of, count - enabled.billed, PROVISIONED_BILLING_MS)
      ports.usage.record({ ...line, ...billedTo(of), at: ports.clock.now() })
      enabled.billed = count
    }
    enabled.alarm ??= ports.clock.wakeAt(later(ports.clock.now(), PROVISIONED_BILLING_MS), () => {
      enabled.alarm = undefined
      enabled.billed = 0
      if (this.view(enabled.owner, enabled.name, enabled.qualifier)?.status !== 'FAILED') this.#bill(enabled)
    })
  }

  #disable(key: string, enabled: Enabled): void {
    enabled.alarm?.cancel()
    this.#enabled.delete(key)
    this.#state.fleet(enabled.owner).unprovision(enabled.name, enabled.qualifier)
  }

  /** How far it has come; undefined when it is not enabled. */
  view(owner: Owner, name: string, qualifier: string): ProvisionedView | undefined {
    const enabled = this.#enabled.get(keyOf(owner, name, qualifier))
    if (enabled === undefined) return undefined
    const none = { requested: enabled.count, allocated: 0, available: 0 }
    if (enabled.trouble !== '') return { ...none, status: 'FAILED', reason: enabled.trouble }
    const view = this.#state.fleet(owner).provisioned(name, qualifier)
    return view ?? { ...none, status: 'IN_PROGRESS', reason: undefined }
  }

  /** Of a function that is deleted, or a qualifier of it. The fleet has ended the environments, or does. */
  forget(owner: Owner, name: string, qualifier?: string): void {
    for (const [key, enabled] of this.#enabled) {
      if (functionKey(enabled.owner, enabled.name) !== functionKey(owner, name)) continue
      if (qualifier === undefined || enabled.qualifier === qualifier) this.#disable(key, enabled)
    }
  }

  /** Enables again what an earlier process left enabled. */
  async resume(): Promise<void> {
    const { read } = this.#state.control
    let from: Uint8Array = new Uint8Array(0)
    for (;;) {
      const page = await read.range({ from, to: END, limit: PAGE })
      for (const [key, value] of page)
        if (partsOf(key)[2] === FUNCTIONS.kind) this.#resumeOne(FUNCTIONS.decode(value))
      const last = page.at(-1)?.[0]
      if (page.length < PAGE || last === undefined) return
      from = new Uint8Array([...last, 0])
    }
  }

  #resumeOne(record: FunctionRecord): void {
    const owner = {
      account: accountId(record.account) ?? DEFAULT_ACCOUNT,
      region: regionOf(record.region) ?? DEFAULT_REGION,
    }
    for (const qualifier of Object.keys(record.provisioned ?? {})) this.apply(owner, record, qualifier)
  }

  /** Forgets all; the fleets end their environments themselves. */
  clear(): void {
    for (const enabled of this.#enabled.values()) enabled.alarm?.cancel()
    this.#enabled.clear()
  }
}

const PAGE = 1_000
/** Beyond every key that is made of texts and numbers. */
const END = Uint8Array.of(0xff)

const keyOf = (owner: Owner, name: string, qualifier: string): string =>
  versionKey(functionKey(owner, name), qualifier)
