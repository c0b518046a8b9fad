/**
 * A template and a caller's parameters, made ready to deploy: sections checked, conditions decided, resources that
 * exist, their graph and outputs. Which resource types exist is the deployer's knowledge, not this engine's.
 */
import { conditionOutcomes } from '#engines/templates/conditions.ts'
import type { Scope } from '#engines/templates/evaluate.ts'
import { dependencyGraph, dependsOn, type Graph, referencesIn } from '#engines/templates/graph.ts'
import type { KnownScope } from '#engines/templates/language-extensions.ts'
import {
  declaredParameters,
  type ParameterDeclaration,
  parameterTexts,
  parameterValues,
} from '#engines/templates/parameters.ts'
import { checkRules } from '#engines/templates/rules.ts'
import { refuse } from '#engines/templates/template-error.ts'
import {
  dictAt,
  isDict,
  memberOf,
  scalarText,
  textAt,
  type Dict,
  type Value,
} from '#engines/templates/value.ts'
import { zonesOf } from '#engines/templates/zones.ts'

export interface ResourceDefinition {
  readonly logicalId: string
  readonly type: string
  /** Not evaluated yet. */
  readonly properties: Dict
  readonly dependsOn: readonly string[]
  readonly deletionPolicy: 'Delete' | 'Retain' | 'Snapshot' | 'RetainExceptOnCreate'
  readonly updateReplacePolicy: 'Delete' | 'Retain' | 'Snapshot'
  readonly metadata: Dict | undefined
  /** Not evaluated yet. */
  readonly updatePolicy: Dict | undefined
}

export interface OutputDefinition {
  readonly name: string
  readonly value: Value
  readonly description: string | undefined
  /** Not evaluated yet; undefined when the output is not exported. */
  readonly exportName: Value | undefined
}

export interface ResolvedTemplate {
  readonly body: Dict
  readonly declarations: readonly ParameterDeclaration[]
  /** Values as texts, defaults included. */
  readonly parameterTexts: ReadonlyMap<string, string>
  /** Values fetched from Systems Manager, by parameter. */
  readonly fetched: ReadonlyMap<string, string>
  readonly conditions: ReadonlyMap<string, boolean>
  /** Those whose condition holds, in the template's order. */
  readonly resources: ReadonlyMap<string, ResourceDefinition>
  readonly outputs: readonly OutputDefinition[]
  readonly graph: Graph
  /** Everything a `Scope` needs beside the running stack. */
  readonly scope: Omit<Scope, 'ref' | 'attribute' | 'exported'>
}

export interface PseudoParameters {
  readonly region: string
  readonly account: string
  readonly partition: string
  readonly stackName: string
  readonly stackId: string
  readonly notificationArns?: readonly string[]
}

const SECTIONS = new Set([
  'AWSTemplateFormatVersion',
  'Description',
  'Metadata',
  'Parameters',
  'Rules',
  'Mappings',
  'Conditions',
  'Transform',
  'Resources',
  'Outputs',
  'Globals',
  'Hooks',
])
const RESOURCE_MEMBERS = new Set([
  'Type',
  'Properties',
  'DependsOn',
  'Condition',
  'DeletionPolicy',
  'UpdateReplacePolicy',
  'Metadata',
  'CreationPolicy',
  'UpdatePolicy',
  'Description',
  'Version',
])

/** The pseudo parameters' values. Source: CloudFormation template reference, Pseudo parameters. */
export function pseudoValues(of: PseudoParameters): Map<string, Value> {
  const china = of.partition === 'aws-cn'
  return new Map<string, Value>([
    ['AWS::AccountId', of.account],
    ['AWS::NotificationARNs', [...(of.notificationArns ?? [])]],
    ['AWS::Partition', of.partition],
    ['AWS::Region', of.region],
    ['AWS::StackId', of.stackId],
    ['AWS::StackName', of.stackName],
    ['AWS::URLSuffix', china ? 'amazonaws.com.cn' : 'amazonaws.com'],
  ])
}

/** Transform names, one or many; macros with parameters by their name. */
export function transformsOf(body: Dict): string[] {
  const named = memberOf(body, 'Transform')
  const list = Array.isArray(named) ? named : named === undefined || named === null ? [] : [named]
  return list.map((item) => scalarText(item) ?? textAt(item, 'Name') ?? '')
}

/** Checks what every template must look like, before any transform. Throws `TemplateError`. */
export function checkSections(body: Dict): void {
  const strangers = Object.keys(body).filter((name) => !SECTIONS.has(name))
  if (strangers.length > 0) {
    refuse(`Invalid template property or properties [${strangers.join(', ')}]`)
  }
  const version = memberOf(body, 'AWSTemplateFormatVersion')
  if (version !== undefined && version !== null && version !== '2010-09-09') {
    refuse('Template format error: unsupported value for AWSTemplateFormatVersion.')
  }
  const description = memberOf(body, 'Description')
  if (description !== undefined && typeof description !== 'string') {
    refuse("Template format error: 'Description' length is greater than 1024 or it is not a string.")
  }
  const resources = memberOf(body, 'Resources')
  if (!isDict(resources) || Object.keys(resources).length === 0) {
    refuse('Template format error: At least one Resources member must be defined.')
  }
  if (Object.keys(resources).length > 500) {
    refuse(
      `Template format error: Number of resources, ${Object.keys(resources).length}, is greater than maximum allowed, 500`,
    )
  }
  const loops = transformsOf(body).includes('AWS::LanguageExtensions')
  for (const [id, resource] of Object.entries(resources)) {
    if (!loops || !id.startsWith('Fn::ForEach::')) checkResource(id, resource)
  }
  for (const name of ['Parameters', 'Mappings', 'Conditions', 'Outputs']) {
    const section = memberOf(body, name)
    if (section !== undefined && section !== null && !isDict(section)) {
      refuse(`Template format error: ${name} must be an object.`)
    }
  }
}

function checkResource(id: string, resource: Value): void {
  if (!/^[A-Za-z0-9]+$/.test(id)) {
    refuse(`Template format error: Resource name ${id} is non alphanumeric.`)
  }
  if (!isDict(resource)) refuse('Template format error: Any Resources member must be an object.')
  if (textAt(resource, 'Type') === undefined) {
    refuse(`Template format error: [/Resources/${id}] Every Resources object must contain a Type member.`)
  }
}

/** What is known of a template before its transforms: parameters, pseudo parameters, mappings. Throws `TemplateError`. */
export function knownScope(
  body: Dict,
  given: ReadonlyMap<string, string>,
  pseudo: PseudoParameters,
  fetched: ReadonlyMap<string, string> = new Map(),
): KnownScope {
  const declarations = declaredParameters(body)
  const texts = parameterTexts(declarations, given)
  return {
    parameters: parameterValues(declarations, texts, fetched),
    pseudo: pseudoValues(pseudo),
    mappings: dictAt(body, 'Mappings') ?? {},
    languageExtensions: transformsOf(body).includes('AWS::LanguageExtensions'),
    zones: zonesOf,
  }
}

/**
 * Everything but running values. Throws `TemplateError` with AWS's texts. The template has been through its transforms;
 * `fetched` are the values of Systems Manager's parameters by the template's parameter.
 */
export function resolveTemplate(
  body: Dict,
  given: ReadonlyMap<string, string>,
  pseudo: PseudoParameters,
  fetched: ReadonlyMap<string, string> = new Map(),
): ResolvedTemplate {
  checkSections(body)
  const declarations = declaredParameters(body)
  const texts = parameterTexts(declarations, given)
  const base = knownScope(body, given, pseudo, fetched)
  checkRules(dictAt(body, 'Rules') ?? {}, base)
  const conditions = conditionOutcomes(dictAt(body, 'Conditions') ?? {}, base)
  const all = dictAt(body, 'Resources') ?? {}
  const present: Dict = Object.fromEntries(
    Object.entries(all).filter(([, resource]) => conditionHolds(resource, conditions, 'Resources')),
  )
  const isOtherName = (name: string): boolean => base.parameters.has(name) || name.startsWith('AWS::')
  const graph = dependencyGraph(present, all, isOtherName, conditions)
  const outputs = outputsOf(body, conditions)
  checkOutputs(outputs, present, isOtherName, conditions)
  return {
    body,
    declarations,
    parameterTexts: texts,
    fetched,
    conditions,
    resources: new Map(Object.entries(present).map(([id, resource]) => [id, definitionOf(id, resource)])),
    outputs,
    graph,
    scope: { ...base, conditions },
  }
}

function conditionHolds(holder: Value, outcomes: ReadonlyMap<string, boolean>, block: string): boolean {
  const name = textAt(holder, 'Condition')
  if (name === undefined) return true
  return (
    outcomes.get(name) ??
    refuse(
      `Template format error: Unresolved condition dependency ${name} in the ${block} block of the template`,
    )
  )
}

function definitionOf(logicalId: string, resource: Value): ResourceDefinition {
  const strangers = Object.keys(isDict(resource) ? resource : {}).filter(
    (name) => !RESOURCE_MEMBERS.has(name),
  )
  if (strangers.length > 0) refuse(`Invalid template resource property '${strangers[0]}'`)
  const properties = memberOf(resource, 'Properties')
  if (properties !== undefined && properties !== null && !isDict(properties)) {
    refuse(`Template format error: [/Resources/${logicalId}] 'Properties' must be an object.`)
  }
  const deletion = textAt(resource, 'DeletionPolicy') ?? 'Delete'
  const replacement = textAt(resource, 'UpdateReplacePolicy') ?? 'Delete'
  if (
    deletion !== 'Delete' &&
    deletion !== 'Retain' &&
    deletion !== 'Snapshot' &&
    deletion !== 'RetainExceptOnCreate'
  ) {
    return refuse(`Template error: DeletionPolicy ${deletion} of ${logicalId} is not valid`)
  }
  if (replacement !== 'Delete' && replacement !== 'Retain' && replacement !== 'Snapshot') {
    return refuse(`Template error: UpdateReplacePolicy ${replacement} of ${logicalId} is not valid`)
  }
  return {
    logicalId,
    type: textAt(resource, 'Type') ?? '',
    properties: isDict(properties) ? properties : {},
    dependsOn: dependsOn(resource),
    deletionPolicy: deletion,
    updateReplacePolicy: replacement,
    metadata: dictAt(resource, 'Metadata'),
    updatePolicy: dictAt(resource, 'UpdatePolicy'),
  }
}

function outputsOf(body: Dict, outcomes: ReadonlyMap<string, boolean>): OutputDefinition[] {
  return Object.entries(dictAt(body, 'Outputs') ?? {}).flatMap(([name, output]) => {
    const value = memberOf(output, 'Value')
    if (value === undefined || value === null) {
      return refuse(`Template format error: Output ${name} is malformed.`)
    }
    if (!conditionHolds(output, outcomes, 'Outputs')) return []
    const exportName = memberOf(memberOf(output, 'Export'), 'Name')
    return [{ name, value, description: textAt(output, 'Description'), exportName }]
  })
}

function checkOutputs(
  outputs: readonly OutputDefinition[],
  resources: Dict,
  isOtherName: (name: string) => boolean,
  outcomes: ReadonlyMap<string, boolean>,
): void {
  const missing = new Set<string>()
  for (const output of outputs) {
    for (const { name } of referencesIn([output.value, output.exportName ?? null], outcomes)) {
      if (!Object.hasOwn(resources, name) && !isOtherName(name)) missing.add(name)
    }
  }
  if (missing.size > 0) {
    refuse(
      `Template format error: Unresolved resource dependencies [${[...missing].join(', ')}] in the Outputs block of the template`,
    )
  }
}
