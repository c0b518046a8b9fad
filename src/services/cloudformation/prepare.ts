/**
 * From a template's text to what can be deployed: parsed, transformed, resolved against parameters, its types and
 * attributes known, its capabilities counted. What AWS finds before it answers is a Fault here; what it finds while
 * it makes a change set is a `Refusal`.
 */
import { referencesIn } from '#engines/templates/graph.ts'
import { parseTemplate, type ParsedTemplate } from '#engines/templates/parse.ts'
import { declaredParameters, parameterTexts, ssmReferences } from '#engines/templates/parameters.ts'
import { extended } from '#engines/templates/language-extensions.ts'
import {
  checkSections,
  knownScope,
  type PseudoParameters,
  type ResolvedTemplate,
  resolveTemplate,
  transformsOf,
} from '#engines/templates/template.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import { type Dict, dictAt, isDict, memberOf, textAt, type Value } from '#engines/templates/value.ts'
import { SAM_TRANSFORM, transformSam } from '#engines/sam/transform.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { handlerOf } from '#services/cloudformation/resources/all.ts'
import { fetchParameters } from '#services/cloudformation/ssm-parameters.ts'
import { type CloudFormationState, type Owner, partitionOf } from '#services/cloudformation/state.ts'
import { hasAttribute } from '#services/cloudformation/tables.ts'

/** Why no deployment can be made of a template that is well-formed. Becomes a FAILED change set, or a ValidationError. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

export interface Wanted {
  readonly text: string
  readonly stackName: string
  readonly stackId: string
  /** Values by name, earlier ones included where the caller asked for them. */
  readonly parameters: ReadonlyMap<string, string>
  readonly notificationArns: readonly string[]
}

export interface Prepared {
  readonly original: string
  readonly processed: Dict
  readonly transformed: boolean
  readonly resolved: ResolvedTemplate
}

/** Runs `work` and gives template errors as CloudFormation's ValidationError. */
export function asValidation<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof TemplateError) throw validationError(error.message)
    throw error
  }
}

/** The text parsed and its sections checked. Faults: ValidationError, with the line. */
export function parsedTemplate(text: string): ParsedTemplate {
  const parsed = parseTemplate(text)
  if (!parsed.ok) throw validationError(parsed.error.message)
  asValidation(() => {
    checkSections(parsed.value.body)
    declaredParameters(parsed.value.body)
  })
  return parsed.value
}

/** Faults: ValidationError. Throws `Refusal` for what only a change set's computation finds. */
export async function prepare(state: CloudFormationState, owner: Owner, wanted: Wanted): Promise<Prepared> {
  const { body } = parsedTemplate(wanted.text)
  const transforms = transformsOf(body)
  refuseUnknown(state, body, transforms.includes(SAM_TRANSFORM))
  const processed = await transformed(state, owner, body, wanted)
  const fetched = await fetchedFor(state, owner, processed, wanted)
  const resolved = asValidation(() =>
    resolveTemplate(processed, wanted.parameters, pseudoOf(owner, wanted), fetched),
  )
  checkAttributes(state, resolved)
  refuseSnapshots(resolved)
  refuseUnsupported(state, resolved)
  return {
    original: wanted.text,
    processed,
    transformed: transforms.length > 0,
    resolved,
  }
}

const LANGUAGE_EXTENSIONS = 'AWS::LanguageExtensions'

const pseudoOf = ([account, region]: Owner, wanted: Wanted): PseudoParameters => ({
  account,
  region,
  partition: partitionOf(region),
  stackName: wanted.stackName,
  stackId: wanted.stackId,
  notificationArns: wanted.notificationArns,
})

/** What the template's parameters name in Systems Manager. */
async function fetchedFor(
  state: CloudFormationState,
  [account, region]: Owner,
  body: Dict,
  { parameters }: Wanted,
): Promise<Map<string, string>> {
  const references = asValidation(() => {
    const declarations = declaredParameters(body)
    return ssmReferences(declarations, parameterTexts(declarations, parameters))
  })
  if (references.length === 0) return new Map()
  return await fetchParameters(state.ports.api, { account, region }, references)
}

async function transformed(
  state: CloudFormationState,
  owner: Owner,
  body: Dict,
  wanted: Wanted,
): Promise<Dict> {
  let current = body
  for (const name of transformsOf(body)) {
    if (name === SAM_TRANSFORM) current = serverless(state, owner, current, wanted)
    else if (name === LANGUAGE_EXTENSIONS) current = await writtenOut(state, owner, current, wanted)
    else {
      throw new Refusal(
        `Transform ${name} failed with: Windtunnel expands ${SAM_TRANSFORM} and the functions of AWS::LanguageExtensions, and no other macro.`,
      )
    }
  }
  if (holdsFunction(current, 'Fn::ForEach::')) {
    throw validationError(
      'Template format error: Fn::ForEach requires the AWS::LanguageExtensions transform.',
    )
  }
  if (holdsFunction(current, 'Fn::Transform')) {
    throw new Refusal(
      'Transform AWS::Include failed with: Windtunnel does not expand Fn::Transform yet. Put what it would include into the template.',
    )
  }
  return current
}

/** Source: CloudFormation template reference, AWS::LanguageExtensions transform; the prefix of its errors is recorded. */
async function writtenOut(
  state: CloudFormationState,
  owner: Owner,
  body: Dict,
  wanted: Wanted,
): Promise<Dict> {
  const fetched = await fetchedFor(state, owner, body, wanted)
  try {
    return extended(body, knownScope(body, wanted.parameters, pseudoOf(owner, wanted), fetched))
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error
    throw new Refusal(
      `Transform ${LANGUAGE_EXTENSIONS} failed with: ${error.message}. Rollback requested by user.`,
    )
  }
}

function serverless(state: CloudFormationState, owner: Owner, body: Dict, wanted: Wanted): Dict {
  const [account, region] = owner
  const known: Record<string, Value> = Object.fromEntries(wanted.parameters)
  known['AWS::AccountId'] = account
  known['AWS::StackName'] = wanted.stackName
  const result = transformSam(body, {
    region,
    account,
    partition: partitionOf(region),
    parameterValues: known,
    tables: state.sam,
    keepMetadata: true,
  })
  if (!result.ok) throw new Refusal(`Transform ${SAM_TRANSFORM} failed with: ${result.error.message}`)
  const others = transformsOf(body).filter((name) => name !== SAM_TRANSFORM)
  return others.length === 0 ? result.value : { ...result.value, Transform: others }
}

function holdsFunction(value: Value | undefined, prefix: string): boolean {
  if (Array.isArray(value)) return value.some((item) => holdsFunction(item, prefix))
  if (!isDict(value)) return false
  return Object.entries(value).some(([name, item]) => name.startsWith(prefix) || holdsFunction(item, prefix))
}

/** Loops are looked at when they are written out. */
const typesOf = (body: Dict): [id: string, type: string][] =>
  Object.entries(dictAt(body, 'Resources') ?? {}).flatMap(([id, resource]): [string, string][] =>
    id.startsWith('Fn::ForEach::') ? [] : [[id, textAt(resource, 'Type') ?? '']],
  )

/** Third parties' and custom types are known to AWS by their form; `AWS::` ones by the table. */
function refuseUnknown(state: CloudFormationState, body: Dict, serverlessToo: boolean): void {
  const unknown = typesOf(body).flatMap(([, type]) => {
    // SAM's types are types only before its transform, so in a template that asks for it
    if (type.startsWith('AWS::Serverless::')) return serverlessToo ? [] : [type]
    if (state.tables.known.has(type) || handlerOf(type) !== undefined) return []
    const foreign = /^(?!AWS::)[A-Za-z0-9]+::[A-Za-z0-9]+::[A-Za-z0-9]+(::MODULE)?$/.test(type)
    return type.startsWith('Custom::') || foreign ? [] : [type]
  })
  if (unknown.length > 0) {
    throw validationError(
      `Template format error: Unrecognized resource types: [${[...new Set(unknown)].join(', ')}]`,
    )
  }
}

function refuseUnsupported(state: CloudFormationState, resolved: ResolvedTemplate): void {
  refuseUnknown(state, resolved.body, false)
  const missing = [...resolved.resources.values()].filter(({ type }) => handlerOf(type) === undefined)
  if (missing.length === 0) return
  const byType = new Map<string, string[]>()
  for (const { type, logicalId } of missing) byType.set(type, [...(byType.get(type) ?? []), logicalId])
  const parts = [...byType].map(
    ([type, ids]) => `${type} yet (resource${ids.length > 1 ? 's' : ''} ${ids.join(', ')})`,
  )
  throw new Refusal(`Windtunnel does not deploy ${parts.join(', ')}`)
}

/** Fn::GetAtt of attributes that a type does not have. Source: recorded AWS answer. */
function checkAttributes(state: CloudFormationState, resolved: ResolvedTemplate): void {
  const values: Value[] = [
    ...[...resolved.resources.values()].map(({ properties }) => properties),
    ...resolved.outputs.map(({ value }) => value),
  ]
  for (const { name, attribute } of referencesIn(values, resolved.conditions)) {
    const type = resolved.resources.get(name)?.type
    const table = type === undefined ? undefined : state.tables.tables.get(type)
    if (attribute === undefined || table === undefined || hasAttribute(table, attribute)) continue
    throw validationError(
      `Template error: resource ${name} does not support attribute type ${attribute} in Fn::GetAtt`,
    )
  }
}

/** None of the types that are deployed here makes snapshots. Source: CloudFormation template reference, DeletionPolicy; text recorded. */
function refuseSnapshots({ resources }: ResolvedTemplate): void {
  for (const { type, deletionPolicy, updateReplacePolicy } of resources.values()) {
    if (deletionPolicy !== 'Snapshot' && updateReplacePolicy !== 'Snapshot') continue
    const policy = deletionPolicy === 'Snapshot' ? 'deletion policy' : 'update replace policy'
    throw validationError(`Template error: resource type ${type} does not support ${policy} Snapshot`)
  }
}

const IAM_NAMES = new Map([
  ['AWS::IAM::Role', 'RoleName'],
  ['AWS::IAM::ManagedPolicy', 'ManagedPolicyName'],
  ['AWS::IAM::InstanceProfile', 'InstanceProfileName'],
  ['AWS::IAM::User', 'UserName'],
  ['AWS::IAM::Group', 'GroupName'],
])
const IAM_TYPES = new Set([
  ...IAM_NAMES.keys(),
  'AWS::IAM::Policy',
  'AWS::IAM::AccessKey',
  'AWS::IAM::UserToGroupAddition',
])

/** What a caller must acknowledge. Source: CloudFormation API, CreateStack, Capabilities. */
export function capabilitiesOf(body: Dict): { readonly needed: string[]; readonly types: string[] } {
  const all = Object.values(dictAt(body, 'Resources') ?? {})
  const iam = all.filter((resource) => IAM_TYPES.has(textAt(resource, 'Type') ?? ''))
  const named = iam.some((resource) => {
    const property = IAM_NAMES.get(textAt(resource, 'Type') ?? '')
    return property !== undefined && memberOf(memberOf(resource, 'Properties'), property) !== undefined
  })
  const needed = named ? ['CAPABILITY_NAMED_IAM'] : iam.length > 0 ? ['CAPABILITY_IAM'] : []
  return { needed, types: [...new Set(iam.map((resource) => textAt(resource, 'Type') ?? ''))] }
}

/** Those that are needed and were not given; the named form covers the plain one. */
export function missingCapabilities(needed: readonly string[], given: readonly string[]): string[] {
  return needed.filter(
    (one) => !given.includes(one) && !(one === 'CAPABILITY_IAM' && given.includes('CAPABILITY_NAMED_IAM')),
  )
}

/** Names in Fn::ImportValue that are plain text or evaluate without a stack; the others are found at deployment. */
export function importsIn(value: Value | undefined): Value[] {
  if (Array.isArray(value)) return value.flatMap(importsIn)
  if (!isDict(value)) return []
  return Object.entries(value).flatMap(([name, member]) =>
    name === 'Fn::ImportValue' ? [member] : importsIn(member),
  )
}
