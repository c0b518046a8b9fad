/**
 * What the service holds: the documents of all REST APIs, the account's settings, and the compiled resources of
 * deployments, kept in memory after first use. Changes of an API reach requests only through a deployment.
 */
import { type AccountId, type Region, lowerId } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import type { Account } from '#model/apigateway.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Call } from '#ports/service.ts'
import type { Store, Stores, Tx } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'
import { Catalog } from '#engines/proxy-events/catalog.ts'
import { type Deployed, compile } from '#services/apigateway/deployed.ts'
import type { RestDocument, Snapshot } from '#services/apigateway/document.ts'
import { noApi } from '#services/apigateway/faults.ts'

export interface RestPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly targets: Targets
  readonly usage: Usage
  readonly log: Log
}
export interface ApiOwner {
  readonly account: AccountId
  readonly region: Region
}
type Caller = Pick<Call, 'account' | 'region'>

/** Compiled deployments kept in memory, ours: beyond it the oldest is dropped and compiled again when needed. */
const COMPILED_MAX = 512

export class RestState {
  readonly ports: RestPorts
  readonly catalog: Catalog<RestDocument, ApiOwner, Tx>
  readonly #store: Store
  readonly #snapshots = new Records<Snapshot>('rest-api-deployment')
  readonly #accounts = new Records<Account>('apigateway-account')
  readonly #compiled = new Map<string, Deployed>()

  constructor(ports: RestPorts) {
    this.ports = ports
    this.#store = ports.stores.open('control')
    this.catalog = new Catalog('rest-api', this.#store)
  }

  newId(length = 6): string {
    return lowerId(this.ports.random, length)
  }

  /** The API, or Fault NotFoundException. */
  async api(call: Caller, id: string): Promise<RestDocument> {
    const document = await this.catalog.get(owner(call), id)
    if (document === undefined) throw noApi(call.account, id)
    return document
  }

  create(call: Caller, api: RestDocument): Promise<RestDocument> {
    return this.catalog.create(owner(call), api)
  }

  change<R>(call: Caller, id: string, run: (draft: RestDocument, tx: Tx) => R): Promise<R> {
    return this.catalog.change(owner(call), id, () => noApi(call.account, id), run)
  }

  async delete(call: Caller, id: string): Promise<void> {
    await this.catalog.delete(
      owner(call),
      id,
      () => noApi(call.account, id),
      (document, tx) => {
        for (const deployment of Object.keys(document.deployments))
          this.dropSnapshot(tx, call, [id, deployment])
      },
    )
  }

  /** Freezes the API as a deployment with that id. */
  freeze(tx: Tx, call: Caller, draft: RestDocument, deploymentId: string): void {
    const snapshot: Snapshot = {
      resources: Object.values(draft.resources),
      gatewayResponses: Object.values(draft.gatewayResponses),
      binaryMediaTypes: draft.settings.binaryMediaTypes ?? [],
    }
    this.#snapshots.put(tx, [call.account, call.region], [draft.id, deploymentId], snapshot)
  }

  dropSnapshot(tx: Tx, call: Caller, name: readonly [apiId: string, deploymentId: string]): void {
    this.#snapshots.delete(tx, [call.account, call.region], ...name)
    this.#compiled.delete(name.join('/'))
  }

  /** What a deployment froze, for its summary. */
  snapshot(call: Caller, apiId: string, deploymentId: string): Promise<Snapshot | undefined> {
    return this.#snapshots.get(this.#store.read, [call.account, call.region], apiId, deploymentId)
  }

  /** The resources of a deployment, ready to match. */
  async deployed(call: Caller, apiId: string, deploymentId: string): Promise<Deployed | undefined> {
    const name = `${apiId}/${deploymentId}`
    const known = this.#compiled.get(name)
    if (known !== undefined) return known
    const snapshot = await this.snapshot(call, apiId, deploymentId)
    if (snapshot === undefined) return undefined
    const compiled = compile(snapshot)
    const [oldest] = this.#compiled.size >= COMPILED_MAX ? this.#compiled.keys() : []
    if (oldest !== undefined) this.#compiled.delete(oldest)
    this.#compiled.set(name, compiled)
    return compiled
  }

  /** The account's settings; the throttle is AWS's default and is not enforced. Source: developer guide, quotas. */
  async account(call: Caller): Promise<Account> {
    return (await this.#accounts.get(this.#store.read, [call.account, call.region])) ?? NEW_ACCOUNT
  }

  changeAccount(call: Caller, run: (account: Account) => Account): Promise<Account> {
    return this.#store.tx(async (tx) => {
      const changed = run((await this.#accounts.get(tx, [call.account, call.region])) ?? NEW_ACCOUNT)
      this.#accounts.put(tx, [call.account, call.region], [], changed)
      return changed
    })
  }

  /** Drops what is in memory, after the stores were emptied. */
  forget(): void {
    this.catalog.forget()
    this.#compiled.clear()
  }
}

const owner = (call: Caller): ApiOwner => ({ account: call.account, region: call.region })

const NEW_ACCOUNT: Account = {
  throttleSettings: { burstLimit: 5_000, rateLimit: 10_000 },
  features: ['UsagePlans'],
  apiKeyVersion: '4',
}
