/**
 * Custom domain names. Certificates are named and not looked at: here no one speaks TLS. A request reaches a domain by
 * its Host header. Source of the texts: recorded AWS answers, unless said otherwise.
 */
import { printArn } from '#base/arn.ts'
import type {
  ApiGatewayV2,
  DomainName,
  DomainNameConfiguration,
  MutualTlsAuthenticationInput,
} from '#model/apigatewayv2.ts'
import type { Call, Operation } from '#ports/service.ts'
import type { HttpDomain } from '#services/apigatewayv2/document.ts'
import { badRequest, conflict, noDomain, notYet } from '#services/apigatewayv2/faults.ts'
import { DOMAINS_MAX, TAGS_MAX } from '#services/apigatewayv2/limits.ts'
import { listed } from '#services/apigatewayv2/paging.ts'
import type { HttpState } from '#services/apigatewayv2/state.ts'

type Op<K extends keyof ApiGatewayV2> = Operation<ApiGatewayV2[K], HttpState>

const ownerOf = ({ account, region }: Call): Pick<Call, 'account' | 'region'> => ({ account, region })

/** The domain, or Fault NotFoundException. */
export async function domainAt(state: HttpState, call: Call, name: string): Promise<HttpDomain> {
  const domain = await state.domains.get(ownerOf(call), name.toLowerCase())
  if (domain === undefined) throw noDomain()
  return domain
}

export function changeDomain<R>(
  state: HttpState,
  call: Call,
  name: string,
  run: (draft: HttpDomain) => R | Promise<R>,
): Promise<R> {
  return state.domains.change(ownerOf(call), name.toLowerCase(), noDomain, run)
}

/** One host is one domain, whoever asks. */
export const createDomainName: Op<'CreateDomainName'> = async (input, state, call) => {
  const name = input.DomainName.toLowerCase()
  if (!/^(?:\*\.)?[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?$/.test(name))
    throw badRequest(`Invalid domain name: ${input.DomainName}`)
  if (name.startsWith('*.')) throw notYet('A wildcard domain name')
  refuseRouting(input.RoutingMode)
  if (Object.keys(input.Tags ?? {}).length > TAGS_MAX)
    throw badRequest(`A domain has at most ${TAGS_MAX} tags`)
  if ((await state.domains.find(name)) !== undefined)
    throw conflict('The domain name resource already exists.')
  const some = await state.domains.list(ownerOf(call), { limit: DOMAINS_MAX })
  if (some.length >= DOMAINS_MAX) throw badRequest(`An account has at most ${DOMAINS_MAX} domain names`)
  const settings: DomainName = {
    ApiMappingSelectionExpression: '$request.basepath',
    DomainName: name,
    DomainNameArn: printArn({
      service: 'apigateway',
      region: call.region,
      account: '',
      resource: `/domainnames/${name}`,
    }),
    DomainNameConfigurations: (input.DomainNameConfigurations ?? []).map((one) =>
      configured(state, call, one),
    ),
    MutualTlsAuthentication: tlsOf(input.MutualTlsAuthentication),
    RoutingMode: 'API_MAPPING_ONLY',
    Tags: input.Tags ?? {},
  }
  await state.domains.create(ownerOf(call), { id: name, settings, mappings: {} })
  state.domainsChanged()
  return settings
}

function refuseRouting(mode: string | undefined): void {
  if (mode !== undefined && mode !== 'API_MAPPING_ONLY') throw notYet('Routing rules of a domain name')
}

/** Client certificates cannot be asked for over plain HTTP: a store of trust is refused, an empty wish is kept. */
function tlsOf(
  wish: MutualTlsAuthenticationInput | undefined,
): NonNullable<DomainName['MutualTlsAuthentication']> {
  if (wish?.TruststoreUri !== undefined && wish.TruststoreUri !== '')
    throw notYet('Mutual TLS of a domain name')
  return {}
}

/** The names behind a domain are AWS's own; a record set may point there. */
function configured(state: HttpState, call: Call, wish: DomainNameConfiguration): DomainNameConfiguration {
  const type = wish.EndpointType ?? 'REGIONAL'
  if (type !== 'REGIONAL')
    throw badRequest(`Invalid endpoint type specified: ${type}. HTTP APIs support REGIONAL only.`)
  return {
    ...wish,
    ApiGatewayDomainName: `d-${state.newId(10)}.execute-api.${call.region}.amazonaws.com`,
    DomainNameStatus: 'AVAILABLE',
    EndpointType: type,
    HostedZoneId: 'Z1UJRXOUMOOFQ8',
    IpAddressType: wish.IpAddressType ?? 'ipv4',
    SecurityPolicy: wish.SecurityPolicy ?? 'TLS_1_2',
  }
}

export const getDomainName: Op<'GetDomainName'> = async (input, state, call) =>
  (await domainAt(state, call, input.DomainName)).settings

export const getDomainNames: Op<'GetDomainNames'> = async (input, state, call) => {
  const { items, next } = await listed(state.domains, ownerOf(call), input)
  const Items = items.map(({ settings }) => settings)
  return next === undefined ? { Items } : { Items, NextToken: next }
}

export const updateDomainName: Op<'UpdateDomainName'> = (input, state, call) => {
  refuseRouting(input.RoutingMode)
  return changeDomain(state, call, input.DomainName, (draft) => {
    const before = draft.settings.DomainNameConfigurations ?? []
    const configurations = input.DomainNameConfigurations?.map((wish, index) => ({
      ...configured(state, call, wish),
      ...(before[index] === undefined ? {} : { ApiGatewayDomainName: before[index].ApiGatewayDomainName }),
    }))
    draft.settings = {
      ...draft.settings,
      DomainNameConfigurations: configurations ?? before,
      MutualTlsAuthentication: tlsOf(input.MutualTlsAuthentication),
    }
    return draft.settings
  })
}

export const deleteDomainName: Op<'DeleteDomainName'> = async (input, state, call) => {
  await state.domains.delete(ownerOf(call), input.DomainName.toLowerCase(), noDomain)
  return {}
}
