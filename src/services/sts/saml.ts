/**
 * AssumeRoleWithSAML: an assertion taken for a session. Its signature is not verified, so what it says is believed; while IAM
 * is enforced none is taken. The assertion is read by the few elements that matter, not as XML in general.
 * Source: STS API, AssumeRoleWithSAML; IAM user guide, Configure SAML assertions for the authentication response.
 */
import { hash } from 'node:crypto'
import { Buffer } from 'node:buffer'
import { parseArn } from '#base/arn.ts'
import { strictText } from '#base/bytes.ts'
import { fromBase64 } from '#base/bytes.ts'
import type { Sts } from '#model/sts.ts'
import type { Operation } from '#ports/service.ts'
import { invalidIdentityToken, notVerified, rejectedClaim } from '#services/sts/faults.ts'
import { ROLE_SECONDS_DEFAULT } from '#services/sts/limits.ts'
import { assumedRole, checkDuration, knownRole, roleOfArn } from '#services/sts/roles.ts'
import { type StsState, issue } from '#services/sts/sessions.ts'
import { packedSize, traitsOf } from '#services/sts/traits.ts'

export interface Assertion {
  readonly issuer: string
  readonly subject: string
  /** Last part of the format of the subject's name, such as `persistent`. */
  readonly subjectType: string
  readonly recipient: string
  readonly roles: readonly string[]
  readonly sessionName: string
  readonly sessionSeconds: number | undefined
}

const ATTRIBUTES = 'https://aws.amazon.com/SAML/Attributes/'

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }

const plain = (text: string): string =>
  text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (_all, name: string) => ENTITIES[name] ?? '').trim()

/** Content of the first element of that name, whatever its prefix. */
function contentOf(xml: string, name: string): string | undefined {
  const found = new RegExp(`<(?:[\\w-]+:)?${name}(?:\\s[^>]*)?>([^<]*)</`).exec(xml)?.[1]
  return found === undefined ? undefined : plain(found)
}

const attributeOf = (xml: string, element: string, name: string): string | undefined =>
  new RegExp(`<(?:[\\w-]+:)?${element}\\s[^>]*?${name}="([^"]*)"`).exec(xml)?.[1]

function valuesOf(xml: string, attribute: string): readonly string[] {
  const at = xml.indexOf(`Name="${ATTRIBUTES}${attribute}"`)
  if (at === -1) return []
  const end = /<\/(?:[\w-]+:)?Attribute>/.exec(xml.slice(at))
  const inside = xml.slice(at, end === null ? undefined : at + end.index)
  return [...inside.matchAll(/<(?:[\w-]+:)?AttributeValue(?:\s[^>]*)?>([^<]*)</g)].map((hit) =>
    plain(hit[1] ?? ''),
  )
}

/** The assertion, or undefined when the text holds none. */
export function readAssertion(encoded: string): Assertion | undefined {
  const bytes = fromBase64(encoded)
  const xml = bytes === undefined ? undefined : strictText(bytes)
  if (xml === undefined) return undefined
  const issuer = contentOf(xml, 'Issuer')
  const subject = contentOf(xml, 'NameID')
  const [sessionName] = valuesOf(xml, 'RoleSessionName')
  if (issuer === undefined || subject === undefined || sessionName === undefined) return undefined
  const seconds = Number(valuesOf(xml, 'SessionDuration')[0])
  return {
    issuer,
    subject,
    subjectType: attributeOf(xml, 'NameID', 'Format')?.split(':').at(-1) ?? 'unspecified',
    recipient: attributeOf(xml, 'SubjectConfirmationData', 'Recipient') ?? '',
    roles: valuesOf(xml, 'Role'),
    sessionName,
    sessionSeconds: Number.isInteger(seconds) && seconds > 0 ? seconds : undefined,
  }
}

export const assumeRoleWithSAML: Operation<Sts['AssumeRoleWithSAML'], StsState> = async (
  input,
  state,
  call,
) => {
  if (state.enforced) throw notVerified('Signatures of SAML assertions')
  const role = roleOfArn(input.RoleArn)
  const packed = packedSize(input)
  const assertion = readAssertion(input.SAMLAssertion)
  if (assertion === undefined) throw invalidIdentityToken('Invalid base64 SAMLResponse')
  const isOffered = assertion.roles.some((pair) =>
    pair.split(',').some((one) => one.trim() === input.RoleArn),
  )
  if (!isOffered) throw rejectedClaim('The requested role is not in the Role attribute of the assertion.')
  const known = await knownRole(state, role, call)
  const durationSeconds = input.DurationSeconds ?? assertion.sessionSeconds ?? ROLE_SECONDS_DEFAULT
  checkDuration(known, durationSeconds)
  const identity = assumedRole(role, known, assertion.sessionName)
  const traits = { ...traitsOf(input, undefined), provider: input.PrincipalArn }
  const provider = parseArn(input.PrincipalArn)?.resource.split('/').at(-1) ?? ''
  return {
    Credentials: await issue(state, { account: role.account, identity, durationSeconds, traits }),
    AssumedRoleUser: { AssumedRoleId: identity.userId, Arn: identity.arn },
    PackedPolicySize: packed,
    Subject: assertion.subject,
    SubjectType: assertion.subjectType,
    Issuer: assertion.issuer,
    Audience: assertion.recipient,
    NameQualifier: nameQualifier(assertion.issuer, role.account, provider),
  }
}

/** Source: STS API, AssumeRoleWithSAML, NameQualifier. */
const nameQualifier = (issuer: string, account: string, provider: string): string =>
  Buffer.from(hash('sha1', `${issuer}${account}/${provider}`, 'hex'), 'hex').toString('base64')
