/**
 * What the service holds: the documents of all HTTP APIs and the compiled routes of their deployments, both kept in
 * memory after first use. Every change goes through `change`, which also deploys to stages with automatic
 * deployment; no request reads the store once its API is known.
 */
import { lowerId } from '#base/ids.ts'
import type { AccountId, Region } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import type { Api } from '#model/apigatewayv2.ts'
import type { Api as ServiceApi } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Call } from '#ports/service.ts'
import type { Stores, Tx } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'
import { Catalog } from '#engines/proxy-events/catalog.ts'
import { type Deployed, compile } from '#services/apigatewayv2/deployed.ts'
import { deploy, isRoutingChanged } from '#services/apigatewayv2/deployments.ts'
import type { HttpApi, Snapshot } from '#services/apigatewayv2/document.ts'
import { noApi } from '#services/apigatewayv2/faults.ts'

export interface HttpPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly targets: Targets
  /** For first-class service integrations. */
  readonly api: ServiceApi
  readonly usage: Usage
  readonly log: Log
}
export interface ApiOwner {
  readonly account: AccountId
  readonly region: Region
}
type Caller = Pick<Call, 'account' | 'region'>
const ownerOf = (call: Caller): ApiOwner => ({ account: call.account, region: call.region })

/** Compiled deployments kept in memory, ours: the least recently compiled ones go beyond it and are compiled again. */
const COMPILED_MAX = 512

export class HttpState {
  readonly ports: HttpPorts
  readonly catalog: Catalog<HttpApi, ApiOwner, Tx>
  readonly #snapshots = new Records<Snapshot>('http-api-deployment')
  readonly #compiled = new Map<string, Deployed>()

  constructor(ports: HttpPorts) {
    this.ports = ports
    this.catalog = new Catalog('http-api', ports.stores.open('control'))
  }

  newId(length = 7): string {
    return lowerId(this.ports.random, length)
  }

  /** The API, or Fault NotFoundException. */
  async api(call: Caller, id: string): Promise<HttpApi> {
    const document = await this.catalog.get(ownerOf(call), id)
    if (document === undefined) throw noApi(id)
    return document
  }

  async create(call: Caller, api: HttpApi): Promise<HttpApi> {
    return this.catalog.create(ownerOf(call), api, (draft, tx) => this.#autoDeploy(call, draft, tx))
  }

  /** Changes an API; stages with automatic deployment get what changed in routes and integrations at once. */
  async change<R>(call: Caller, id: string, run: (draft: HttpApi, tx: Tx) => R | Promise<R>): Promise<R> {
    return this.catalog.change(
      ownerOf(call),
      id,
      () => noApi(id),
      async (draft, tx) => {
        const before = structuredClone({
          routes: draft.routes,
          integrations: draft.integrations,
          stages: draft.stages,
        })
        const answer = await run(draft, tx)
        if (isRoutingChanged(before, draft)) this.#autoDeploy(call, draft, tx)
        return answer
      },
    )
  }

  async delete(call: Caller, id: string): Promise<void> {
    await this.catalog.delete(
      ownerOf(call),
      id,
      () => noApi(id),
      (document, tx) => {
        for (const deployment of Object.keys(document.deployments))
          this.dropSnapshot(tx, call, [id, deployment])
      },
    )
  }

  /** Freezes the API's routes as a deployment with that id. */
  freeze(tx: Tx, call: Caller, draft: HttpApi, deploymentId: string): void {
    const snapshot = { routes: Object.values(draft.routes), integrations: Object.values(draft.integrations) }
    this.#snapshots.put(tx, [call.account, call.region], [draft.id, deploymentId], snapshot)
  }

  dropSnapshot(tx: Tx, call: Caller, name: readonly [apiId: string, deploymentId: string]): void {
    this.#snapshots.delete(tx, [call.account, call.region], ...name)
    this.#compiled.delete(name.join('/'))
  }

  /** The routes of a deployment, ready to match. */
  async deployed(owner: ApiOwner, apiId: string, deploymentId: string): Promise<Deployed | undefined> {
    const name = `${apiId}/${deploymentId}`
    const known = this.#compiled.get(name)
    if (known !== undefined) return known
    const read = this.ports.stores.open('control').read
    const snapshot = await this.#snapshots.get(read, [owner.account, owner.region], apiId, deploymentId)
    if (snapshot === undefined) return undefined
    const compiled = compile(snapshot)
    if (this.#compiled.size >= COMPILED_MAX) {
      for (const oldest of this.#compiled.keys()) {
        this.#compiled.delete(oldest)
        break
      }
    }
    this.#compiled.set(name, compiled)
    return compiled
  }

  /** Drops what is in memory, after the stores were emptied. */
  forget(): void {
    this.catalog.forget()
    this.#compiled.clear()
  }

  #autoDeploy(call: Caller, draft: HttpApi, tx: Tx): void {
    const id = this.newId(6)
    const { frozen, dropped } = deploy(draft, { id, at: this.ports.clock.now(), automatic: true })
    if (frozen) this.freeze(tx, call, draft, id)
    for (const old of dropped) this.dropSnapshot(tx, call, [draft.id, old])
  }
}

/** The API as its callers see it: the endpoint names the port they came through. */
export function printed(api: HttpApi, endpoint: string): Api {
  return { ...api.settings, ApiEndpoint: apiEndpoint(api.id, endpoint) }
}

/** `http://{apiId}.execute-api.localhost:4566`; a name that is no loopback name is kept. */
export function apiEndpoint(apiId: string, endpoint: string): string {
  const [, scheme = 'http', host = 'localhost', port = ''] =
    /^(https?):\/\/([^/:]+|\[[^\]]+\])(:\d+)?/.exec(endpoint) ?? []
  const name = /^[0-9.]+$|^\[/.test(host) ? 'localhost' : host
  return `${scheme}://${apiId}.execute-api.${name}${port}`
}
