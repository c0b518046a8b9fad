/** Auth.ResourcePolicy of a REST API: who may call it, from where, as an IAM policy in the OpenAPI document. */
import { ANY_METHOD, pathItems, wildPath } from '#engines/sam/editor.ts'
import { given, sub } from '#engines/sam/intrinsics.ts'
import { invalidDocument } from '#engines/sam/sam-error.ts'
import { type Dict, dictAt, isDict, memberOf, sameValue, type Value } from '#engines/templates/value.ts'

const POLICY = 'x-amazon-apigateway-policy'

/** Adds what the policy says for one path. Throws `SamRefused` for lists that hold functions where they must not. */
export function addResourcePolicy(doc: Dict, policy: Dict, path: string, stage: Value): void {
  const out = dictAt(doc, POLICY) ?? {}
  const resources = (): Value[] => methodArns(doc, path, stage)
  const named = (name: string): Value | undefined => memberOf(policy, name)
  for (const [name, effect] of [
    ['AwsAccountWhitelist', 'Allow'],
    ['AwsAccountBlacklist', 'Deny'],
  ] as const) {
    const accounts = named(name)
    if (accounts === undefined || accounts === null || !given(accounts)) continue
    if (!isDict(accounts) && !Array.isArray(accounts)) {
      invalidDocument(`Type of '${JSON.stringify(accounts)}' must be a list or dictionary`)
    }
    const statement: Dict = {
      Effect: effect,
      Action: 'execute-api:Invoke',
      Resource: resources(),
      Principal: { AWS: Array.isArray(accounts) ? accounts : [accounts] },
    }
    append(out, [statement], false)
  }
  for (const [name, test] of [
    ['IpRangeWhitelist', 'NotIpAddress'],
    ['IpRangeBlacklist', 'IpAddress'],
  ] as const) {
    const ranges = named(name)
    if (ranges === undefined || ranges === null || !given(ranges)) continue
    const list = Array.isArray(ranges) ? ranges : [ranges]
    append(out, allowAndDeny(resources(), { [test]: { 'aws:SourceIp': list } }), true)
  }
  addVpc(out, policy, { kind: 'Blacklist', test: 'StringEquals' }, resources)
  addVpc(out, policy, { kind: 'Whitelist', test: 'StringNotEquals' }, resources)
  doc[POLICY] = out
}

export function addCustomStatements(doc: Dict, statements: Value): void {
  const out = dictAt(doc, POLICY) ?? {}
  const before = memberOf(out, 'Statement')
  out['Version'] = '2012-10-17'
  if (before === undefined || before === null) out['Statement'] = statements
  else append(out, Array.isArray(statements) ? statements : [statements], true)
  doc[POLICY] = out
}

function append(policy: Dict, statements: readonly Value[], once: boolean): void {
  policy['Version'] = '2012-10-17'
  const found = memberOf(policy, 'Statement')
  const before = found === undefined || found === null ? [] : Array.isArray(found) ? found : [found]
  const single = before.length === 0 && statements.length === 1 && !once
  const fresh = statements.filter((one) => !once || !before.some((known) => sameValue(known, one)))
  policy['Statement'] = single ? (statements[0] ?? null) : [...before, ...fresh]
}

const allowAndDeny = (resources: Value[], condition: Dict): Dict[] => [
  { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: resources, Principal: '*' },
  { Effect: 'Deny', Action: 'execute-api:Invoke', Resource: resources, Principal: '*', Condition: condition },
]

function addVpc(
  out: Dict,
  policy: Dict,
  by: { readonly kind: string; readonly test: string },
  resources: () => Value[],
): void {
  const plain = memberOf(policy, `SourceVpc${by.kind}`)
  const listed = Array.isArray(plain) ? plain : []
  if (
    plain !== undefined &&
    plain !== null &&
    !(Array.isArray(plain) && plain.every((one) => typeof one === 'string'))
  ) {
    invalidDocument(
      `SourceVpc${by.kind} must be a list of strings. Use IntrinsicVpc${by.kind} instead for values that use Intrinsic Functions`,
    )
  }
  const texts = listed.filter((one) => typeof one === 'string')
  const intrinsic = (name: string): Value[] => {
    const found = memberOf(policy, name)
    return Array.isArray(found) ? found : []
  }
  const vpc = [...texts.filter((one) => one.startsWith('vpc-')), ...intrinsic(`IntrinsicVpc${by.kind}`)]
  const vpce = [...texts.filter((one) => one.startsWith('vpce-')), ...intrinsic(`IntrinsicVpce${by.kind}`)]
  const condition: Dict = {
    ...(vpc.length > 0 ? { 'aws:SourceVpc': vpc } : {}),
    ...(vpce.length > 0 ? { 'aws:SourceVpce': vpce } : {}),
  }
  if (Object.keys(condition).length > 0)
    append(out, allowAndDeny(resources(), { [by.test]: condition }), true)
}

function methodArns(doc: Dict, path: string, stage: Value): Value[] {
  return pathItems(doc, path)
    .flatMap((item) => Object.keys(item))
    .map((name) => {
      const lower = name.toLowerCase()
      const method = lower === ANY_METHOD || lower === 'any' ? '*' : name.toUpperCase()
      return sub(`execute-api:/\${__Stage__}/${method}${wildPath(path)}`, { __Stage__: stage })
    })
}
