/**
 * Who signed, from where: the credential scope of SigV4 and SigV4A, in the Authorization header or presigned in the query,
 * and the older SigV2. Read only; nothing is verified here.
 */
import { type Instant, fromUtc, later } from '#base/time.ts'
import { type Pair, pairsOf, valueOf } from '#wire/uri.ts'

export interface Scope {
  readonly version: 'v2' | 'v4' | 'v4a'
  readonly accessKeyId: string
  /** `20261125`; empty with SigV2. */
  readonly date: string
  /** Empty with SigV2 and SigV4A, which name none. */
  readonly region: string
  /** Signing name, such as `lambda`; empty with SigV2. */
  readonly service: string
  readonly presigned: boolean
  /** When it was signed: `X-Amz-Date`, if it can be read. */
  readonly at: Instant | undefined
  /** Presigned: how long it is valid, or until when (SigV2). */
  readonly expiresMs: number | undefined
  readonly expiresAt: Instant | undefined
}

/** Many requests are signed within one second. */
let lastIso: { readonly text: string; readonly at: Instant | undefined } = { text: '', at: undefined }

/** `20261125T030405Z` as an instant. Source: SigV4 reference, date. */
export function basicIso(value: string | undefined): Instant | undefined {
  if (value === undefined) return undefined
  if (value !== lastIso.text) lastIso = { text: value, at: readIso(value) }
  return lastIso.at
}

function readIso(value: string): Instant | undefined {
  const m = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(value)
  if (m === null) return undefined
  const [, year, month, day, hour, minute, second] = m.map(Number)
  return fromUtc({
    year: year ?? 0,
    month: month ?? 1,
    day: day ?? 1,
    hour: hour ?? 0,
    minute: minute ?? 0,
    second: second ?? 0,
  })
}

/** A credential: key id, date, region (not with SigV4A), service, `aws4_request`. Key ids may hold slashes. */
function credential(
  text: string,
  isAsymmetric: boolean,
): Pick<Scope, 'accessKeyId' | 'date' | 'region' | 'service'> | undefined {
  const parts = text.split('/')
  const tail = isAsymmetric ? 3 : 4
  if (parts.length <= tail || parts.at(-1) !== 'aws4_request') return undefined
  const key = parts.slice(0, -tail).join('/')
  const [date = '', region = '', service = ''] = isAsymmetric
    ? [parts.at(-3), '', parts.at(-2)]
    : [parts.at(-4), parts.at(-3), parts.at(-2)]
  return { accessKeyId: key, date, region, service }
}

/** A client signs with one credential all day. */
const credentials = new Map<string, ReturnType<typeof credential>>()
const CREDENTIALS_MAX = 256

function knownCredential(text: string, isAsymmetric: boolean): ReturnType<typeof credential> {
  if (isAsymmetric) return credential(text, isAsymmetric)
  if (credentials.has(text)) return credentials.get(text)
  if (credentials.size >= CREDENTIALS_MAX) credentials.clear()
  const read = credential(text, isAsymmetric)
  if (text.length <= 256) credentials.set(text, read)
  return read
}

const NOT_PRESIGNED = { presigned: false, expiresMs: undefined, expiresAt: undefined } as const

/** The scope of a request, or undefined when it is not signed. `query` is the raw query string. */
export function scopeOf(headers: Readonly<Record<string, string>>, query: string): Scope | undefined {
  const authorization = headers['authorization']
  if (authorization?.startsWith('AWS4-') === true) return fromHeader(authorization, headers)
  if (authorization?.startsWith('AWS ') === true) {
    const accessKeyId = authorization.slice(4).split(':')[0]?.trim() ?? ''
    return { version: 'v2', accessKeyId, date: '', region: '', service: '', at: undefined, ...NOT_PRESIGNED }
  }
  if (!/x-amz-credential|awsaccesskeyid/i.test(query)) return undefined
  const pairs = pairsOf(query)
  return pairs === undefined ? undefined : fromQuery(pairs)
}

function fromHeader(authorization: string, headers: Readonly<Record<string, string>>): Scope | undefined {
  const isAsymmetric = authorization.startsWith('AWS4-ECDSA-P256-SHA256')
  const text = /Credential=([^,\s]+)/.exec(authorization)?.[1]
  const parts = text === undefined ? undefined : knownCredential(text, isAsymmetric)
  if (parts === undefined) return undefined
  return {
    version: isAsymmetric ? 'v4a' : 'v4',
    ...parts,
    at: basicIso(headers['x-amz-date']),
    ...NOT_PRESIGNED,
  }
}

function fromQuery(pairs: readonly Pair[]): Scope | undefined {
  const find = (name: string): string | undefined =>
    valueOf(pairs, name) ?? pairs.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1]
  const text = find('X-Amz-Credential')
  if (text === undefined) {
    const accessKeyId = find('AWSAccessKeyId')
    const expires = find('Expires')
    if (accessKeyId === undefined) return undefined
    const expiresAt =
      expires !== undefined && /^\d{1,12}$/.test(expires)
        ? fromUtc({ year: 1970, second: Number(expires) })
        : undefined
    return {
      version: 'v2',
      accessKeyId,
      date: '',
      region: '',
      service: '',
      presigned: true,
      at: undefined,
      expiresMs: undefined,
      expiresAt,
    }
  }
  const isAsymmetric = find('X-Amz-Algorithm')?.startsWith('AWS4-ECDSA-P256-SHA256') === true
  const parts = credential(text, isAsymmetric)
  if (parts === undefined) return undefined
  const expires = find('X-Amz-Expires')
  const expiresMs = expires !== undefined && /^\d{1,10}$/.test(expires) ? Number(expires) * 1_000 : undefined
  const at = basicIso(find('X-Amz-Date'))
  const expiresAt = at === undefined || expiresMs === undefined ? undefined : later(at, expiresMs)
  return { version: isAsymmetric ? 'v4a' : 'v4', ...parts, presigned: true, at, expiresMs, expiresAt }
}
