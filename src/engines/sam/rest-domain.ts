/** Domain of a REST API: the custom domain name (a private one has types of its own), its mappings and DNS records. */
import { getAtt, given, ref } from '#engines/sam/intrinsics.ts'
import { hashedId } from '#engines/sam/logical-id.ts'
import { recordSetGroup, recordSets, type Alias } from '#engines/sam/record-sets.ts'
import { type Made, made, members, passedOn, type Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import type { World } from '#engines/sam/world.ts'
import { type Dict, isDict, memberOf, type Value } from '#engines/templates/value.ts'

const ENDPOINTS = ['EDGE', 'REGIONAL', 'PRIVATE']

export function restDomain(world: World, source: Source): Made[] {
  const { id, properties } = source
  const domain = memberOf(properties, 'Domain')
  if (domain === undefined || domain === null) return []
  if (!isDict(domain)) return invalidResource(id, "Property 'Domain' should be a map.")
  for (const name of ['DomainName', 'CertificateArn']) {
    if ((memberOf(domain, name) ?? null) === null) {
      invalidResource(id, `Property 'Domain.${name}' is required.`)
    }
  }
  const isPrivate = domain['EndpointConfiguration'] === 'PRIVATE'
  const kind = isPrivate ? 'ApiGatewayDomainNameV2' : 'ApiGatewayDomainName'
  const domainId = hashedId(kind, domain['DomainName'])
  if (!isPrivate) domain['ApiDomainName'] = domainId
  const name = isPrivate ? privateName(source, domain, domainId) : publicName(source, domain, domainId)
  const out = [name, ...mappings(source, domain, domainId, isPrivate)]
  const association = memberOf(domain, 'AccessAssociation') ?? null
  if (isPrivate && association !== null && !isDict(association)) {
    return invalidResource(id, "Property 'Domain.AccessAssociation' should be a map.")
  }
  const groups = records(world, source, domain, isPrivate ? (domain['DomainName'] ?? '') : domainId)
  out.push(...groups)
  if (isPrivate && isDict(association)) out.push(accessAssociation(source, association, domainId))
  return out
}

function optional(domain: Dict): Dict {
  const out: Dict = {}
  for (const name of [
    'SecurityPolicy',
    'EndpointAccessMode',
    'Policy',
    'OwnershipVerificationCertificateArn',
  ]) {
    const value = memberOf(domain, name)
    if (value !== undefined && given(value)) out[name] = value
  }
  return out
}

function publicName(source: Source, domain: Dict, domainId: string): Made {
  const endpoint = memberOf(domain, 'EndpointConfiguration') ?? 'REGIONAL'
  if (typeof endpoint !== 'string' || !ENDPOINTS.includes(endpoint)) {
    invalidResource(
      source.id,
      "EndpointConfiguration for Custom Domains must be one of ['EDGE', 'REGIONAL', 'PRIVATE'].",
    )
  }
  domain['EndpointConfiguration'] = endpoint
  const certificate = domain['CertificateArn'] ?? null
  const address = memberOf(domain, 'IpAddressType')
  return made(
    domainId,
    'AWS::ApiGateway::DomainName',
    {
      DomainName: domain['DomainName'],
      ...(endpoint === 'REGIONAL'
        ? { RegionalCertificateArn: certificate }
        : { CertificateArn: certificate }),
      EndpointConfiguration: {
        Types: [endpoint],
        ...(address !== undefined && given(address) ? { IpAddressType: address } : {}),
      },
      MutualTlsAuthentication: mutualTls(source.id, memberOf(domain, 'MutualTlsAuthentication')),
      ...optional(domain),
    },
    { attributes: passedOn(source) },
  )
}

function mutualTls(id: string, wanted: Value | undefined): Dict | undefined {
  if (wanted === undefined || !given(wanted)) return undefined
  if (!isDict(wanted))
    return invalidResource(id, "Property 'Domain.MutualTlsAuthentication' should be a map.")
  const known = ['TruststoreUri', 'TruststoreVersion']
  if (!Object.keys(wanted).every((name) => known.includes(name))) {
    invalidResource(
      id,
      "Available Domain.MutualTlsAuthentication fields are ['TruststoreUri', 'TruststoreVersion'].",
    )
  }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => given(value)))
}

function privateName(source: Source, domain: Dict, domainId: string): Made {
  const address = memberOf(domain, 'IpAddressType')
  return made(
    domainId,
    'AWS::ApiGateway::DomainNameV2',
    {
      DomainName: domain['DomainName'],
      CertificateArn: domain['CertificateArn'],
      EndpointConfiguration: {
        Types: ['PRIVATE'],
        ...(address !== undefined && given(address) ? { IpAddressType: address } : {}),
      },
      ...optional(domain),
    },
    { attributes: passedOn(source) },
  )
}

function mappings(source: Source, domain: Dict, domainId: string, isPrivate: boolean): Made[] {
  const { id } = source
  const type = isPrivate ? 'AWS::ApiGateway::BasePathMappingV2' : 'AWS::ApiGateway::BasePathMapping'
  const one = (mappingId: string, basePath: Value | undefined): Made =>
    made(
      mappingId,
      type,
      {
        ...(isPrivate ? { DomainNameArn: ref(domainId) } : { DomainName: ref(domainId) }),
        RestApiId: ref(id),
        Stage: ref(`${id}.Stage`),
        BasePath: basePath,
      },
      { attributes: passedOn(source) },
    )
  const wanted = memberOf(domain, 'BasePath')
  const paths = typeof wanted === 'string' && wanted !== '' ? [wanted] : given(wanted) ? wanted : undefined
  if (!Array.isArray(paths)) return [one(`${id}BasePathMapping`, undefined)]
  const plain = (memberOf(domain, 'NormalizeBasePath') ?? true) !== false
  return paths.map((path, at) => {
    if (typeof path !== 'string') {
      return invalidResource(id, `Property 'Domain.BasePath[${at}]' should be a string.`)
    }
    const letters = path.replace(/[^A-Za-z0-9]/g, '')
    return one(`${id}${letters}BasePathMapping`, plain ? letters : path)
  })
}

function accessAssociation(source: Source, association: Dict, domainId: string): Made {
  const endpoint = association['VpcEndpointId'] ?? null
  return made(
    hashedId('DomainNameAccessAssociation', [endpoint, domainId]),
    'AWS::ApiGateway::DomainNameAccessAssociation',
    {
      DomainNameArn: ref(domainId),
      AccessAssociationSourceType: 'VPCE',
      AccessAssociationSource: endpoint,
    },
    { attributes: passedOn(source) },
  )
}

function records(world: World, source: Source, domain: Dict, target: Value): Made[] {
  const route53 = memberOf(domain, 'Route53')
  if (route53 === undefined || route53 === null) return []
  const { id } = source
  if (!isDict(route53)) return invalidResource(id, "Property 'Domain.Route53' should be a map.")
  const zone = memberOf(route53, 'HostedZoneId') ?? memberOf(route53, 'HostedZoneName') ?? null
  if (zone === null) {
    invalidResource(
      id,
      'HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.',
    )
  }
  const sets = recordSets(domain['DomainName'] ?? null, route53, aliasOf(domain, route53, target))
  const separate = memberOf(route53, 'SeparateRecordSetGroup')
  if (separate === undefined || !given(separate)) return [recordSetGroup(world, source, route53, sets)]
  if (typeof separate !== 'boolean') {
    invalidResource(id, "Property 'Domain.Route53.SeparateRecordSetGroup' should be a boolean.")
  }
  return [
    made(
      hashedId('RecordSetGroup', [zone, domain['DomainName'] ?? null]),
      'AWS::Route53::RecordSetGroup',
      members({
        HostedZoneId: given(route53['HostedZoneId']) ? route53['HostedZoneId'] : undefined,
        HostedZoneName: given(route53['HostedZoneName']) ? route53['HostedZoneName'] : undefined,
        RecordSets: sets,
      }),
      { attributes: passedOn(source) },
    ),
  ]
}

/** Z2FDTNDATAQYW2 is CloudFront's zone, the same for everyone. */
function aliasOf(domain: Dict, route53: Dict, target: Value): Alias {
  const name = typeof target === 'string' ? target : ''
  if (domain['EndpointConfiguration'] === 'REGIONAL') {
    return { zone: getAtt(name, 'RegionalHostedZoneId'), dns: getAtt(name, 'RegionalDomainName') }
  }
  if (domain['EndpointConfiguration'] === 'EDGE') {
    route53['DistributionDomainName'] ??= getAtt(name, 'DistributionDomainName')
    return { zone: 'Z2FDTNDATAQYW2', dns: route53['DistributionDomainName'] }
  }
  return {
    zone: memberOf(route53, 'VpcEndpointHostedZoneId') ?? null,
    dns: memberOf(route53, 'VpcEndpointDomainName') ?? null,
  }
}
