/** AWS::Serverless::StateMachine: the machine, its role, version and alias. Events are `state-machine-events.ts`. */
import { s3Definition } from '#engines/sam/code-location.ts'
import { xrayPolicy } from '#engines/sam/function.ts'
import { getAtt, given, isIntrinsic, ref } from '#engines/sam/intrinsics.ts'
import { roleOf } from '#engines/sam/policies.ts'
import {
  arnOf,
  type Made,
  made,
  passedOn,
  propagateTags,
  refTo,
  type Source,
  tagList,
} from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import { stateMachineEvents } from '#engines/sam/state-machine-events.ts'
import { trustOf } from '#engines/sam/statements.ts'
import type { World } from '#engines/sam/world.ts'
import { copyOf, type Dict, dictAt, isDict, memberOf, type Value } from '#engines/templates/value.ts'

/** Source: SAM specification, AWS::Serverless::StateMachine and its generated resources. */
export function transformStateMachine(world: World, source: Source): Made[] {
  const { id, properties } = source
  const machine = made(
    id,
    'AWS::StepFunctions::StateMachine',
    {
      ...definitionOf(source),
      StateMachineName: properties['Name'],
      StateMachineType: properties['Type'],
      LoggingConfiguration: properties['Logging'],
      TracingConfiguration: properties['Tracing'],
      Tags: tagsOf(properties),
    },
    { attributes: source.attributes, dependsOn: source.dependsOn },
  )
  const resources = [machine]
  const [role, policies] = [memberOf(properties, 'Role'), memberOf(properties, 'Policies')]
  if (given(role) && given(policies)) {
    invalidResource(
      id,
      "Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them",
    )
  }
  if (role !== undefined && given(role)) machine.properties['RoleArn'] = role
  else {
    const execution = executionRole(world, source)
    machine.properties['RoleArn'] = arnOf(execution)
    resources.push(execution)
  }
  const alias = published(source, resources)
  const target = alias !== undefined && given(properties['UseAliasAsEventTarget']) ? alias : machine
  resources.push(...stateMachineEvents(world, source, target))
  propagateTags(resources, properties['Tags'], properties['PropagateTags'] === true)
  return resources
}

const tagsOf = (properties: Dict): Value[] => [
  ...tagList({ 'stateMachine:createdBy': 'SAM' }),
  ...tagList(properties['Tags']),
]

function definitionOf({ id, properties }: Source): Record<string, Value | undefined> {
  const [definition, uri] = [memberOf(properties, 'Definition'), memberOf(properties, 'DefinitionUri')]
  const own = dictAt(properties, 'DefinitionSubstitutions')
  const substitutions: Dict = own !== undefined && given(own) ? { ...own } : {}
  if (given(definition) && given(uri)) {
    invalidResource(id, "Specify either 'Definition' or 'DefinitionUri' property and not both.")
  }
  const shown = (): Dict | undefined => (Object.keys(substitutions).length === 0 ? undefined : substitutions)
  if (definition !== undefined && given(definition)) {
    const text = copyOf(definition)
    substitute(text, substitutions, { count: 0 })
    return {
      DefinitionString: { 'Fn::Join': ['\n', indented(text).split('\n')] },
      DefinitionSubstitutions: shown(),
    }
  }
  if (uri !== undefined && given(uri)) {
    return { DefinitionS3Location: s3Definition(id, uri), DefinitionSubstitutions: shown() }
  }
  return invalidResource(id, "Either 'Definition' or 'DefinitionUri' property must be specified.")
}

/** Functions and dynamic references inside the definition become substitutions, numbered in the order of sorted keys. */
function substitute(node: Value, out: Dict, counter: { count: number }): void {
  const each = (value: Value, put: (fresh: string) => void): void => {
    if (isIntrinsic(value) || (typeof value === 'string' && /^\{\{resolve:.*\}\}$/.test(value))) {
      const name = `definition_substitution_${++counter.count}`
      out[name] = value
      put(`\${${name}}`)
    } else substitute(value, out, counter)
  }
  if (Array.isArray(node)) {
    for (const [at, item] of node.entries()) each(item, (fresh) => void (node[at] = fresh))
  } else if (isDict(node)) {
    for (const name of Object.keys(node).sort())
      each(node[name] ?? null, (fresh) => void (node[name] = fresh))
  }
}

/** JSON with sorted keys and four blanks, characters beyond ASCII escaped. */
function indented(value: Value): string {
  const sorted = (node: Value): Value => {
    if (Array.isArray(node)) return node.map(sorted)
    if (!isDict(node)) return node
    return Object.fromEntries(
      Object.keys(node)
        .sort()
        .map((name) => [name, sorted(node[name] ?? null)]),
    )
  }
  return JSON.stringify(sorted(value), null, 4).replace(
    /[\u007f-\uffff]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

function executionRole(world: World, source: Source): Made {
  const { id, properties } = source
  const wanted = memberOf(properties, 'Policies')
  const policies = wanted === undefined || !given(wanted) ? [] : Array.isArray(wanted) ? wanted : [wanted]
  const traced = memberOf(memberOf(properties, 'Tracing'), 'Enabled') === true
  return roleOf(world, {
    owner: id,
    attributes: passedOn(source),
    trust: trustOf('states.amazonaws.com'),
    policies: traced ? [...policies, xrayPolicy(world.options.partition)] : policies,
    path: properties['RolePath'],
    permissionsBoundary: properties['PermissionsBoundary'],
    tags: tagsOf(properties),
  })
}

function published(source: Source, resources: Made[]): Made | undefined {
  const { id, properties } = source
  const name = memberOf(properties, 'AutoPublishAlias')
  const preference = dictAt(properties, 'DeploymentPreference')
  if (!given(name)) {
    for (const [property, wanted] of [
      ['UseAliasAsEventTarget', given(properties['UseAliasAsEventTarget'])],
      ['DeploymentPreference', given(preference)],
    ] as const) {
      if (wanted) {
        invalidResource(id, `'${property}' requires 'AutoPublishAlias' property to be specified.`)
      }
    }
    return undefined
  }
  const attributes = passedOn(source)
  const version = made(
    `${id}Version`,
    'AWS::StepFunctions::StateMachineVersion',
    { StateMachineArn: ref(id), StateMachineRevisionId: getAtt(id, 'StateMachineRevisionId') },
    { attributes: { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain', ...attributes } },
  )
  const alias = made(
    `${id}Alias${typeof name === 'string' ? name : ''}`,
    'AWS::StepFunctions::StateMachineAlias',
    {
      Name: name,
      DeploymentPreference: {
        ...(preference !== undefined && given(preference) ? preference : { Type: 'ALL_AT_ONCE' }),
        StateMachineVersionArn: refTo(version),
      },
    },
    { attributes },
  )
  resources.push(version, alias)
  return alias
}
