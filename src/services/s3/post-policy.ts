/**
 * The policy of a POST form: until when and with which fields it may be sent. Pure. The signature over it is not
 * verified: nobody's secret is known here. Source: S3 API, Creating a POST policy; texts from answers of AWS that
 * users of other tools quote.
 */
import { fromBase64, strictText } from '#base/bytes.ts'
import { isRecord, parseJson, stringAt, valueAt } from '#base/json.ts'
import { type Instant, fromUtc } from '#base/time.ts'
import { invalidPolicyDocument, policyDenied } from '#services/s3/faults.ts'

export interface SizeRange {
  readonly min: number
  readonly max: number
}

/** Fields that no condition has to name. Source: S3 API, Creating a POST policy, Conditions. */
const FREE = new Set(['policy', 'x-amz-signature', 'signature', 'awsaccesskeyid', 'file'])

type Condition =
  | { readonly kind: 'eq' | 'starts-with'; readonly field: string; readonly value: string }
  | { readonly kind: 'range'; readonly range: SizeRange }

/** What the policy allows the file's size to be, once all else holds. Faults AccessDenied, InvalidPolicyDocument. */
export function checkPolicy(
  policy: string,
  fields: ReadonlyMap<string, string>,
  now: Instant,
): SizeRange | undefined {
  const bytes = fromBase64(policy)
  const document = bytes === undefined ? undefined : parseJson(strictText(bytes) ?? '')
  if (!isRecord(document)) throw invalidPolicyDocument('Invalid JSON.')
  const expiration = stringAt(document, 'expiration')
  if (expiration === undefined) throw invalidPolicyDocument('Policy missing expiration.')
  const until = timeOf(expiration)
  if (until === undefined) throw invalidPolicyDocument(`Invalid 'expiration' value: '${expiration}'`)
  if (until <= now) throw policyDenied('Policy expired.')
  const listed = valueAt(document, 'conditions')
  if (!Array.isArray(listed)) throw invalidPolicyDocument('Policy missing conditions.')
  const conditions = listed.map((one: unknown): Condition[] => conditionsIn(one)).flat()
  return holdAll(conditions, fields)
}

function holdAll(
  conditions: readonly Condition[],
  fields: ReadonlyMap<string, string>,
): SizeRange | undefined {
  const named = new Set(conditions.flatMap((one) => (one.kind === 'range' ? [] : [one.field])))
  let range: SizeRange | undefined
  for (const condition of conditions) {
    if (condition.kind === 'range') {
      range = condition.range
      continue
    }
    const { kind, field, value } = condition
    const found = fields.get(field) ?? ''
    // Several content types may stand in one field.
    const parts = field === 'content-type' && kind === 'starts-with' ? found.split(',') : [found]
    const holds = parts.every((part) => (kind === 'eq' ? part === value : part.trim().startsWith(value)))
    if (!holds) throw policyDenied(`Policy Condition failed: ["${kind}", "$${field}", "${value}"]`)
  }
  const extra = [...fields.keys()].find(
    (name) => !named.has(name) && !FREE.has(name) && !name.startsWith('x-ignore-'),
  )
  if (extra !== undefined) throw policyDenied(`Extra input fields: ${extra}`)
  return range
}

function conditionsIn(condition: unknown): Condition[] {
  if (isRecord(condition)) {
    return Object.entries(condition).map(([field, value]) => {
      if (typeof value !== 'string')
        throw invalidPolicyDocument('Invalid Simple-Condition: value must be a string.')
      return { kind: 'eq', field: field.toLowerCase(), value }
    })
  }
  const list: readonly unknown[] = Array.isArray(condition) ? condition : []
  const [operator, field, value] = list
  const kind = typeof operator === 'string' ? operator.toLowerCase() : ''
  if (kind === 'content-length-range') {
    const range = { min: Number(field), max: Number(value) }
    if (!Number.isInteger(range.min) || !Number.isInteger(range.max) || range.min > range.max)
      throw invalidPolicyDocument('Invalid content-length-range.')
    return [{ kind: 'range', range }]
  }
  if ((kind !== 'eq' && kind !== 'starts-with') || typeof field !== 'string' || typeof value !== 'string')
    throw invalidPolicyDocument('Invalid Condition.')
  return [{ kind, field: field.replace(/^\$/, '').toLowerCase(), value }]
}

/** `2026-12-30T12:00:00.000Z`, the fraction or not. */
function timeOf(text: string): Instant | undefined {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,3})\d*)?Z$/.exec(text)
  if (found === null) return undefined
  const [, year = '', month, day, hour, minute, second, ms = '0'] = found
  return fromUtc({
    year: Number(year),
    month: Number(month),
    day: Number(day),
    hour: Number(hour),
    minute: Number(minute),
    second: Number(second),
    ms: Number(ms.padEnd(3, '0')),
  })
}
