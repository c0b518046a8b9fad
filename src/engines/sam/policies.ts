/** The Policies property: managed policies by name, statements, policy templates; and the role they end in. */
import { ifParts, isIf, isIntrinsic, isNoValue, IF_ARGUMENTS } from '#engines/sam/intrinsics.ts'
import { type Made, made } from '#engines/sam/resource.ts'
import { managedPolicyArn } from '#engines/sam/statements.ts'
import { invalidResource, SamInvalid, structureText } from '#engines/sam/sam-error.ts'
import type { SamTables, World } from '#engines/sam/world.ts'
import {
  copyOf,
  type Dict,
  dictAt,
  isDict,
  memberOf,
  sameValue,
  soleEntry,
  type Value,
} from '#engines/templates/value.ts'

type Kind = 'managed' | 'statement' | 'template' | 'unknown'

function kindOf(policy: Value, tables: SamTables | undefined): Kind {
  if (typeof policy === 'string') return 'managed'
  if (isIf(policy)) return kindOfIf(policy, tables)
  if (isIntrinsic(policy)) return 'managed'
  if (isDict(policy) && Object.hasOwn(policy, 'Statement')) return 'statement'
  const name = soleEntry(policy)?.[0]
  return tables !== undefined && name !== undefined && Object.hasOwn(tables.policyTemplates, name)
    ? 'template'
    : 'unknown'
}

function kindOfIf(policy: Value, tables: SamTables | undefined): Kind {
  const parts = ifParts(policy)
  if (parts === undefined) throw new SamInvalid(structureText(IF_ARGUMENTS))
  const [, then, otherwise] = parts
  const [first, second] = [kindOf(then, tables), kindOf(otherwise, tables)]
  if (first === second) return first
  if (isNoValue(then)) return second
  if (isNoValue(otherwise)) return first
  throw new SamInvalid(
    structureText(
      'Different policy types within the same Fn::If statement is unsupported. Separate different policy types into different Fn::If statements',
    ),
  )
}

const listOf = (policies: Value | undefined): Value[] => {
  if (policies === undefined || policies === null || policies === '') return []
  if (Array.isArray(policies)) return policies
  return isDict(policies) && Object.keys(policies).length === 0 ? [] : [policies]
}

/** Policy templates replaced by their statements, in the place of the property. Source: SAM, Policy templates. */
export function expandPolicyTemplates(id: string, properties: Dict, tables: SamTables): void {
  const policies = listOf(memberOf(properties, 'Policies'))
  if (policies.length === 0) return
  properties['Policies'] = policies.map((policy) => {
    if (kindOf(policy, tables) !== 'template') return policy
    const parts = ifParts(policy)
    if (parts === undefined) return expand(id, policy, tables)
    const branch = (value: Value): Value => (isNoValue(value) ? value : expand(id, value, tables))
    return { 'Fn::If': [parts[0], branch(parts[1]), branch(parts[2])] }
  })
}

function expand(id: string, policy: Value, tables: SamTables): Value {
  const [name = '', values = null] = soleEntry(policy) ?? []
  const template = tables.policyTemplates[name]
  const wanted = Object.keys(dictAt(template, 'Parameters') ?? {})
  if (!isDict(values)) {
    return invalidResource(id, `Must specify valid parameter values for policy template '${name}'`)
  }
  const missing = wanted.filter((parameter) => !Object.hasOwn(values, parameter))
  if (missing.length > 0) {
    const list = missing.map((parameter) => `'${parameter}'`).join(', ')
    return invalidResource(
      id,
      `Following required parameters of template '${name}' don't have values: [${list}]`,
    )
  }
  return fill(copyOf(memberOf(template, 'Definition') ?? null), values, wanted)
}

/** Refs to the template's own parameters become the values given; everything else stays. */
function fill(node: Value, values: Dict, wanted: readonly string[]): Value {
  if (Array.isArray(node)) return node.map((item) => fill(item, values, wanted))
  if (!isDict(node)) return node
  const [name, argument] = soleEntry(node) ?? []
  if (name === 'Ref' && typeof argument === 'string' && wanted.includes(argument)) {
    return copyOf(values[argument] ?? null)
  }
  return Object.fromEntries(Object.entries(node).map(([key, member]) => [key, fill(member, values, wanted)]))
}

export interface RoleOptions {
  readonly owner: string
  readonly attributes: Dict
  readonly trust: Value
  readonly policies: Value | undefined
  readonly managedPolicyArns?: Value[]
  readonly documents?: Value[]
  readonly path?: Value | undefined
  readonly permissionsBoundary?: Value | undefined
  readonly tags?: Value | undefined
}

/** The execution role `<owner>Role`; its inline policies are named `<owner>RolePolicy<index>`. */
export function roleOf(world: World, options: RoleOptions): Made {
  const id = `${options.owner}Role`
  const documents = [...(options.documents ?? [])]
  const arns = [...(options.managedPolicyArns ?? [])]
  const named = (name: Value): Value => (typeof name === 'string' ? arnOfPolicy(world, name) : name)
  for (const [index, policy] of listOf(options.policies).entries()) {
    const kind = kindOf(policy, undefined)
    const document = (value: Value): Dict => ({ PolicyName: `${id}Policy${index}`, PolicyDocument: value })
    if (kind === 'statement') {
      documents.push(inBranches(policy, document) ?? document(policy))
    } else if (kind === 'managed') {
      const arn = inBranches(policy, named) ?? named(policy)
      if (!arns.some((known) => sameValue(known, arn))) arns.push(arn)
    } else {
      invalidResource(options.owner, `Policy at index ${index} in the 'Policies' property is not valid`)
    }
  }
  return made(
    id,
    'AWS::IAM::Role',
    {
      AssumeRolePolicyDocument: options.trust,
      ManagedPolicyArns: arns,
      Path: options.path,
      Policies: documents.length === 0 ? undefined : documents,
      PermissionsBoundary: options.permissionsBoundary,
      Tags: options.tags,
    },
    { attributes: options.attributes },
  )
}

/** Fn::If with both branches changed, `AWS::NoValue` left; undefined when it is no Fn::If. */
function inBranches(policy: Value, change: (value: Value) => Value): Value | undefined {
  const parts = ifParts(policy)
  if (parts === undefined) return undefined
  const branch = (value: Value): Value => (isNoValue(value) ? value : change(value))
  return { 'Fn::If': [parts[0], branch(parts[1]), branch(parts[2])] }
}

function arnOfPolicy(world: World, name: string): string {
  const known = memberOf(world.options.tables.managedPolicies, name)
  return typeof known === 'string' ? managedPolicyArn(world.options.partition, known) : name
}
