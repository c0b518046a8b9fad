/**
 * Applications of phones and their endpoints, as configuration: names, rules, records. Pure. Nothing is pushed to a
 * phone here (Publish to an endpoint answers NotImplemented), so credentials are checked for their presence and not kept.
 * Source: SNS API, CreatePlatformApplication and CreatePlatformEndpoint; recorded AWS answers.
 */
import { arnElements, parseArn, printArn } from '#base/arn.ts'
import { accountId, regionOf } from '#base/ids.ts'
import { Records } from '#base/records.ts'
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { invalid } from '#services/sns/faults.ts'
import type { Owner } from '#services/sns/names.ts'

const PLATFORMS = [
  'ADM',
  'APNS',
  'APNS_SANDBOX',
  'APNS_VOIP',
  'APNS_VOIP_SANDBOX',
  'BAIDU',
  'FCM',
  'GCM',
  'MACOS',
  'MACOS_SANDBOX',
  'MPNS',
  'WNS',
]
/** They want a principal beside the credential. */
const WITH_PRINCIPAL = ['ADM', 'APNS', 'APNS_SANDBOX', 'BAIDU', 'MPNS', 'WNS']
const NAME_LENGTH_MAX = 256
const USER_DATA_BYTES_MAX = 2_048

export interface ApplicationRecord {
  readonly platform: string
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

export interface EndpointRecord {
  readonly id: string
  /** Token, Enabled, CustomUserData. */
  readonly attributes: Readonly<Record<string, string>>
}

export const APPLICATIONS = new Records<ApplicationRecord>('sns-application')
export const APP_ENDPOINTS = new Records<EndpointRecord>('sns-application-endpoint')
/** By platform, application and token: the endpoint's id. */
export const DEVICE_TOKENS = new Records<string>('sns-device-token')

export interface ApplicationName extends Owner {
  readonly platform: string
  readonly app: string
}

export interface EndpointName extends ApplicationName {
  readonly id: string
}

export const applicationArn = ({ account, region, platform, app }: ApplicationName): string =>
  printArn({ service: 'sns', account, region, resource: `app/${platform}/${app}` })
export const endpointArn = ({ account, region, platform, app, id }: EndpointName): string =>
  printArn({ service: 'sns', account, region, resource: `endpoint/${platform}/${app}/${id}` })

export const applicationNotFound = (): Fault =>
  new Fault('NotFoundException', 'PlatformApplication does not exist')
export const endpointNotFound = (): Fault => new Fault('NotFoundException', 'Endpoint does not exist')

function partsOf(arn: string, member: string): { owner: Owner; parts: string[] } {
  const elements = arnElements(arn)
  if (elements < 6) throw invalid(`${member} Reason: An ARN must have at least 6 elements, not ${elements}`)
  const parsed = parseArn(arn)
  const account = accountId(parsed?.account ?? '')
  const region = regionOf(parsed?.region ?? '')
  if (parsed?.service !== 'sns' || account === undefined || region === undefined) throw invalid(member)
  return { owner: { account, region }, parts: parsed.resource.split('/') }
}

/** Faults InvalidParameter; NotFound for another region's. */
export function applicationNamed(arn: string, call: Owner): ApplicationName {
  const { owner, parts } = partsOf(arn, 'PlatformApplicationArn')
  const [kind, platform = '', app = ''] = parts
  if (parts.length !== 3 || kind !== 'app')
    throw invalid('PlatformApplicationArn Reason: Wrong number of slashes in relative portion of the ARN.')
  if (owner.region !== call.region) throw applicationNotFound()
  return { ...owner, platform, app }
}

/** Faults as above; without a caller any region's. */
export function endpointNamed(arn: string, call: Owner | undefined): EndpointName {
  const { owner, parts } = partsOf(arn, 'EndpointArn')
  const [, platform = '', app = '', id = ''] = parts
  if (parts.length !== 4)
    throw invalid('EndpointArn Reason: Wrong number of slashes in relative portion of the ARN.')
  if (call !== undefined && owner.region !== call.region) throw endpointNotFound()
  return { ...owner, platform, app, id }
}

/** Fault InvalidParameter. */
export function checkApplication(
  name: string,
  platform: string,
  attributes: Readonly<Record<string, string>>,
): void {
  if (name === '') throw invalid(`${name} Reason: cannot be empty`)
  if (name.length > NAME_LENGTH_MAX) throw invalid(`${name} Reason: must be at most 256 characters long`)
  if (!/^[A-Za-z0-9_.-]+$/.test(name))
    throw invalid(`${name} Reason: must contain only characters 'a'-'z', 'A'-'Z', '0'-'9', '_', '-', and '.'`)
  if (!PLATFORMS.includes(platform)) throw invalid(`Platform Reason: ${platform} is not supported`)
  const { PlatformCredential: credential, PlatformPrincipal: principal } = attributes
  if (principal !== undefined && credential === undefined)
    throw invalid('Attributes Reason: PlatformPrincipal attribute provided without PlatformCredential')
  if (WITH_PRINCIPAL.includes(platform) && credential !== undefined && principal === undefined)
    throw invalid('Attributes Reason: PlatformCredential attribute provided without PlatformPrincipal')
}

/** What is kept of an application's attributes. */
export function keptApplication(attributes: Readonly<Record<string, string>>): Record<string, string> {
  const { PlatformCredential: _, PlatformPrincipal: __, ...kept } = attributes
  return kept
}

/** Fault InvalidParameter. */
export function checkEndpointAttributes(attributes: Readonly<Record<string, string>>): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (!['CustomUserData', 'Enabled', 'Token'].includes(name))
      throw invalid(`Attributes Reason: Invalid attribute name: ${name}`)
    if (name === 'CustomUserData' && utf8(value).length > USER_DATA_BYTES_MAX)
      throw invalid(
        `Attributes Reason: Invalid value for attribute: CustomUserData: must be at most ${USER_DATA_BYTES_MAX} bytes long in UTF-8 encoding`,
      )
  }
}
