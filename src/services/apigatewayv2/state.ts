/**
 * What the service holds: the documents of all HTTP APIs and custom domains and the compiled routes of deployments, kept
 * in memory after first use; and what lives in memory only: token buckets, issuers' keys, authorizers' answers, access
 * log lines on their way. Every change of an API goes through `change`, which also deploys to stages with automatic
 * deployment; no request reads the store once its API is known.
 */
import { lowerId } from '#base/ids.ts'
import type { AccountId, Region } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import type { Api } from '#model/apigatewayv2.ts'
import type { Api as ServiceApi } from '#ports/api.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Outbound } from '#ports/outbound.ts'
import type { Random } from '#ports/random.ts'
import type { Call } from '#ports/service.ts'
import type { Stores, Tx } from '#ports/store.ts'
import type { Targets } from '#ports/targets.ts'
import type { Usage } from '#ports/usage.ts'
import { Catalog } from '#engines/proxy-events/catalog.ts'
import { Opinions } from '#services/apigatewayv2/authorize-lambda.ts'
import { type Deployed, compile } from '#services/apigatewayv2/deployed.ts'
import { deploy, isRoutingChanged } from '#services/apigatewayv2/deployments.ts'
import type { HttpApi, HttpDomain, Snapshot, StoredVpcLink } from '#services/apigatewayv2/document.ts'
import { noApi } from '#services/apigatewayv2/faults.ts'
import { IssuerKeys } from '#services/apigatewayv2/issuer-keys.ts'
import { LogDelivery } from '#services/apigatewayv2/log-delivery.ts'
import { Throttles } from '#services/apigatewayv2/throttle.ts'

export interface HttpPorts {
  readonly clock: Clock
  readonly random: Random
  readonly stores: Stores
  readonly targets: Targets
  /** For first-class service integrations and access logs. */
  readonly api: ServiceApi
  /** For HTTP backends and issuers of tokens. */
  readonly outbound: Outbound
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
const OTHER_HOSTS_MAX = 1_000

export class HttpState {
  readonly ports: HttpPorts
  readonly catalog: Catalog<HttpApi, ApiOwner, Tx>
  readonly domains: Catalog<HttpDomain, ApiOwner, Tx>
  readonly vpcLinks: Catalog<StoredVpcLink, ApiOwner, Tx>
  readonly issuerKeys: IssuerKeys
  readonly accessLogs: LogDelivery
  readonly throttles = new Throttles()
  readonly opinions = new Opinions()
  readonly #snapshots = new Records<Snapshot>('http-api-deployment')
  readonly #compiled = new Map<string, Deployed>()
  /** Hosts that are known to be no custom domains, so that requests to them read no store. */
  readonly #otherHosts = new Set<string>()

  constructor(ports: HttpPorts) {
    this.ports = ports
    const store = ports.stores.open('control')
    this.catalog = new Catalog('http-api', store)
    this.domains = new Catalog('http-domain', store)
    this.vpcLinks = new Catalog('http-vpc-link', store)
    this.issuerKeys = new IssuerKeys(ports)
    this.accessLogs = new LogDelivery(ports)
  }

  /** The host itself when it is a custom domain. Most hosts are our own, which no domain can be named like. */
  async domainOf(host: string): Promise<string | undefined> {
    if (!isDomainName(host) || this.#otherHosts.has(host)) return undefined
    if ((await this.domains.find(host)) !== undefined) return host
    if (this.#otherHosts.size >= OTHER_HOSTS_MAX) this.#otherHosts.clear()
    this.#otherHosts.add(host)
    return undefined
  }

  /** A domain has come: hosts that were none may be one now. */
  domainsChanged(): void {
    this.#otherHosts.clear()
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
          authorizers: draft.authorizers ?? {},
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
    this.opinions.clear(`${id}/`)
  }

  /** Freezes the API's routes as a deployment with that id. */
  freeze(tx: Tx, call: Caller, draft: HttpApi, deploymentId: string): void {
    const snapshot = {
      routes: Object.values(draft.routes),
      integrations: Object.values(draft.integrations),
      authorizers: Object.values(draft.authorizers ?? {}),
    }
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
    const snapshot = await this.snapshot(owner, apiId, deploymentId)
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

  /** What a deployment froze, from the store. */
  snapshot(
    { account, region }: ApiOwner,
    apiId: string,
    deploymentId: string,
  ): Promise<Snapshot | undefined> {
    const { read } = this.ports.stores.open('control')
    return this.#snapshots.get(read, [account, region], apiId, deploymentId)
  }

  /** Drops what is in memory, after the stores were emptied. */
  forget(): void {
    this.catalog.forget()
    this.domains.forget()
    this.#otherHosts.clear()
    this.vpcLinks.forget()
    this.#compiled.clear()
    this.throttles.clear()
    this.opinions.clear()
    this.issuerKeys.clear()
    this.accessLogs.clear()
  }

  #autoDeploy(call: Caller, draft: HttpApi, tx: Tx): void {
    const id = this.newId(6)
    const { frozen, dropped } = deploy(draft, { id, at: this.ports.clock.now(), automatic: true })
    if (frozen) this.freeze(tx, call, draft, id)
    for (const old of dropped) this.dropSnapshot(tx, call, [draft.id, old])
  }
}

/** Names that a request's host may have and that are neither addresses nor our own names. */
const isDomainName = (host: string): boolean =>
  host.includes('.') && !/^[0-9.]+$|^\[|(^|\.)amazonaws\.com$|\.execute-api\./.test(host)

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
