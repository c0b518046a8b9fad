/** What HTTP and WebSocket APIs share: custom domains, mappings, authorizer permissions, stage ids. */
import { getAtt, given, ref, sub } from '#engines/sam/intrinsics.ts'
import { hashedId, isAlphanumeric } from '#engines/sam/logical-id.ts'
import { recordSetGroup, recordSets } from '#engines/sam/record-sets.ts'
import { type Made, made, passedOn, type Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import type { World } from '#engines/sam/world.ts'
import { type Dict, isDict, memberOf, type Value } from '#engines/templates/value.ts'

export interface DomainParts {
  readonly name: Made
  readonly mappings: Made[]
  readonly records: Made | undefined
}

/** The domain name, its mappings to the API's stage and its DNS records; undefined without Domain. */
export function apiDomain(world: World, source: Source, createdBy: string): DomainParts | undefined {
  const { id, properties } = source
  const domain = memberOf(properties, 'Domain')
  if (!isDict(domain)) return undefined
  const [name, certificate] = [
    memberOf(domain, 'DomainName') ?? null,
    memberOf(domain, 'CertificateArn') ?? null,
  ]
  if (name === null || certificate === null) {
    invalidResource(id, 'Custom Domains only works if both DomainName and CertificateArn are provided.')
  }
  const domainId = hashedId('ApiGatewayDomainNameV2', name)
  domain['ApiDomainName'] = domainId
  const endpoint = memberOf(domain, 'EndpointConfiguration') ?? 'REGIONAL'
  if (endpoint !== 'REGIONAL') {
    invalidResource(id, "EndpointConfiguration for Custom Domains must be one of ['REGIONAL'].")
  }
  domain['EndpointConfiguration'] = endpoint
  const configuration: Dict = { CertificateArn: certificate, EndpointType: endpoint }
  for (const member of ['OwnershipVerificationCertificateArn', 'SecurityPolicy']) {
    const value = memberOf(domain, member)
    if (value !== undefined && given(value)) configuration[member] = value
  }
  const domainName = made(
    domainId,
    'AWS::ApiGatewayV2::DomainName',
    {
      DomainName: name,
      DomainNameConfigurations: [configuration],
      MutualTlsAuthentication: mutualTls(id, memberOf(domain, 'MutualTlsAuthentication')),
      Tags: { [createdBy]: 'SAM' },
    },
    { attributes: passedOn(source) },
  )
  return {
    name: domainName,
    mappings: mappings(source, domain, domainId),
    records: records(world, source, domain, domainId),
  }
}

function mutualTls(id: string, wanted: Value | undefined): Dict | undefined {
  if (wanted === undefined || !given(wanted)) return undefined
  const known = ['TruststoreUri', 'TruststoreVersion']
  if (!isDict(wanted)) {
    return invalidResource(
      id,
      "MutualTlsAuthentication must be a map with at least one of the following fields ['TruststoreUri', 'TruststoreVersion'].",
    )
  }
  const strangers = Object.keys(wanted).filter((name) => !known.includes(name))
  if (strangers.length > 0) {
    invalidResource(
      strangers.sort().join(','),
      "Available MutualTlsAuthentication fields are ['TruststoreUri', 'TruststoreVersion'].",
    )
  }
  return Object.fromEntries(Object.entries(wanted).filter(([, value]) => given(value)))
}

function mappings(source: Source, domain: Dict, domainId: string): Made[] {
  const { id } = source
  const one = (mappingId: string, key: string | undefined): Made =>
    made(
      mappingId,
      'AWS::ApiGatewayV2::ApiMapping',
      { DomainName: ref(domainId), ApiId: ref(id), Stage: ref(`${id}.Stage`), ApiMappingKey: key },
      { attributes: passedOn(source) },
    )
  const wanted = memberOf(domain, 'BasePath')
  const paths = typeof wanted === 'string' && wanted !== '' ? [wanted] : given(wanted) ? wanted : undefined
  if (!Array.isArray(paths)) return [one(`${id}ApiMapping`, undefined)]
  return paths.map((path) => {
    if (typeof path !== 'string') return invalidResource(id, 'Basepath must be a string.')
    if (/[^0-9a-zA-Z/\-_]/.test(path)) return invalidResource(id, 'Invalid Basepath name provided.')
    return one(`${id}${path.replace(/[-_/]+/g, '')}ApiMapping`, path.replace(/^\/+|\/+$/g, ''))
  })
}

function records(world: World, source: Source, domain: Dict, domainId: string): Made | undefined {
  const route53 = memberOf(domain, 'Route53')
  if (route53 === undefined || route53 === null) return undefined
  if (!isDict(route53)) return invalidResource(source.id, "Property 'Domain.Route53' should be a map.")
  if ((memberOf(route53, 'HostedZoneId') ?? memberOf(route53, 'HostedZoneName') ?? null) === null) {
    invalidResource(
      source.id,
      'HostedZoneId or HostedZoneName is required to enable Route53 support on Custom Domains.',
    )
  }
  const alias = {
    zone: getAtt(domainId, 'RegionalHostedZoneId'),
    dns: getAtt(domainId, 'RegionalDomainName'),
  }
  return recordSetGroup(world, source, route53, recordSets(domain['DomainName'] ?? null, route53, alias))
}

export function stageIdOf(id: string, stage: Value): string {
  const name = typeof stage === 'string' ? stage : ''
  if (isAlphanumeric(name)) return `${id}${name}Stage`
  return name === '$default' ? `${id}ApiGatewayDefaultStage` : hashedId(`${id}Stage`, name)
}

export function authorizerPermissionV2(source: Source, id: string, functionArn: Value): Made {
  return made(
    id,
    'AWS::Lambda::Permission',
    {
      Action: 'lambda:InvokeFunction',
      FunctionName: functionArn,
      Principal: 'apigateway.amazonaws.com',
      SourceArn: sub(
        'arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*',
        { __ApiId__: ref(source.id) },
      ),
    },
    { attributes: passedOn(source) },
  )
}
