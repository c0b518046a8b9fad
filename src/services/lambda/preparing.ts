/**
 * From Pending to Active: code that is there again if its folder is gone, a runtime that is found or fetched, and then
 * the fleet is told. The same for `$LATEST` and for published versions. What a record is changed to is `state.ts`.
 */
import { uuid } from '#base/ids.ts'
import { seconds } from '#base/time.ts'
import { Trouble } from '#base/trouble.ts'
import type { FoundRuntime } from '#ports/sandboxes.ts'
import { type ActiveFunction, runtimeVersionArn } from '#services/lambda/active-function.ts'
import { layerCode } from '#services/lambda/layers.ts'
import { lineageMark } from '#services/lambda/events/lineage.ts'
import { serviceTrouble } from '#services/lambda/faults.ts'
import { type Owner, functionArn } from '#services/lambda/names.ts'
import { keptPackage, stagePackage } from '#services/lambda/package-source.ts'
import { versionKey } from '#services/lambda/pool-state.ts'
import { type FunctionState, type VersionRecord, versionOf } from '#services/lambda/record.ts'
import type { Live } from '#services/lambda/live.ts'
import type { LambdaState } from '#services/lambda/state.ts'

type RuntimeHere = FoundRuntime & { readonly kind: 'found' }
type Provided = RuntimeHere | { readonly kind: 'failed'; readonly reason: string; readonly code: string }

export class Preparing {
  readonly #state: LambdaState

  constructor(state: LambdaState) {
    this.#state = state
  }

  /** Puts the record's generation in force: its code is there already, its runtime is found or fetched. */
  begin(owner: Owner, live: Live): void {
    const preparing = this.#prepare(owner, live).finally(() => {
      if (live.preparing === preparing) live.preparing = undefined
    })
    live.preparing = preparing
  }

  /** For what is active in the store but has not run since the platform started. */
  async ensureActive(owner: Owner, live: Live): Promise<ActiveFunction> {
    if (live.active === undefined) {
      if (live.preparing === undefined) this.begin(owner, live)
      await live.preparing
    }
    if (live.active === undefined) throw serviceTrouble(live.trouble)
    return live.active
  }

  async #prepare(owner: Owner, live: Live): Promise<void> {
    const { record } = live
    const isCurrent = (): boolean => this.#state.isCurrent(owner, live)
    const prepared = await this.#state
      .reservations(owner)
      .then(() => this.#provide(record))
      .catch((error: unknown) => {
        // Deleted, reset or stopped meanwhile: what goes wrong then is nobody's concern.
        if (isCurrent()) throw error
        return undefined
      })
    if (prepared === undefined || !isCurrent()) return
    live.trouble = prepared.kind === 'found' ? '' : prepared.reason
    if (prepared.kind === 'found') this.#activate(owner, live, prepared)
    if (record.state.kind === 'pending' || record.state.kind === 'updating')
      await this.#settle(owner, live, record, prepared)
  }

  /** Code and runtime of a record, or why this machine cannot have them. */
  async #provide(record: VersionRecord): Promise<Provided> {
    const { sandboxes } = this.#state.ports
    try {
      const runtime = await sandboxes.runtime(record.settings.runtime)
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

  async #settle(owner: Owner, live: Live, before: VersionRecord, prepared: Provided): Promise<void> {
    const { ports } = this.#state
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
      ports.log.warn('lambda.function.failed', {
        function: functionArn(owner, before.name, before.version),
        why: failed.reason,
      })
    const runtimeVersion = prepared.kind === 'found' ? prepared.version : before.runtimeVersion
    try {
      await this.#state.settle(owner, before, { state, runtimeVersion, revisionId: uuid(ports.random) })
    } catch (error) {
      // Deleted meanwhile: there is nothing left to settle.
      if (this.#state.isCurrent(owner, live)) throw error
    }
  }

  /** True when the folders of code and layers are there, made again from their packages if need be. */
  async #staged(record: VersionRecord): Promise<boolean> {
    const { ports } = this.#state
    const layers = (record.layers ?? []).flatMap((layer) => layer.package ?? [])
    for (const { code, blobId } of [record.package, ...layers]) {
      if (await ports.sandboxes.staged(code.id)) continue
      const zip = await keptPackage(blobId, ports)
      if (zip === undefined) return false
      await stagePackage(zip, ports)
    }
    return true
  }

  #activate(owner: Owner, live: Live, runtime: RuntimeHere): void {
    const { record } = live
    const { settings } = record
    const { ports, notices } = this.#state
    if (runtime.notice !== undefined) notices.add(runtime.notice)
    if (runtime.notice !== undefined)
      ports.log.warn('lambda.runtime.stand-in', { runtime: settings.runtime, notice: runtime.notice })
    live.active = {
      owner,
      name: record.name,
      version: versionOf(record),
      key: versionKey(record.name, versionOf(record)),
      arn: functionArn(owner, record.name),
      lineageMark: lineageMark(functionArn(owner, record.name)),
      generation: record.generation,
      code: record.package.code,
      layers: layerCode(record),
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
    this.#state.fleet(owner).configure(live.active)
  }
}
