/** AutoPublishAlias: a new version whenever the code (or every property) changes, and the alias that follows it. */
import { given, logicalIdIn } from '#engines/sam/intrinsics.ts'
import { hashedId } from '#engines/sam/logical-id.ts'
import { resolveParameters } from '#engines/sam/resolver.ts'
import { type Made, made, passedOn, refTo, type Source } from '#engines/sam/resource.ts'
import { invalidResource } from '#engines/sam/sam-error.ts'
import type { World } from '#engines/sam/world.ts'
import { copyOf, type Dict, dictAt, isDict, listAt, memberOf, type Value } from '#engines/templates/value.ts'
import { getAtt } from '#engines/sam/intrinsics.ts'

export function aliasNameOf(world: World, { id, properties }: Source): string {
  const name = resolveParameters(properties['AutoPublishAlias'], world.parameters)
  if (typeof name === 'string') return name
  return invalidResource(id, "'AutoPublishAlias' must be a string or a Ref to a template parameter")
}

export function versionOf(world: World, source: Source, lambda: Made, sha: string | undefined): Made {
  const { id, properties } = source
  resolveParameters(lambda.properties['Code'], world.parameters)
  const digested =
    properties['AutoPublishAliasAllProperties'] === true
      ? allProperties(world, lambda)
      : someProperties(lambda)
  const attributes = passedOn(source)
  const policy = memberOf(properties, 'VersionDeletionPolicy')
  const managed = memberOf(properties, 'CapacityProviderConfig') !== undefined
  attributes['DeletionPolicy'] ??= policy ?? (managed ? 'Delete' : 'Retain')
  return made(
    hashedId(`${id}Version`, digested, sha),
    'AWS::Lambda::Version',
    {
      FunctionName: refTo(lambda),
      Description: properties['VersionDescription'],
      FunctionScalingConfig: managed ? memberOf(properties, 'FunctionScalingConfig') : undefined,
    },
    { attributes },
  )
}

/** What decides about a new version unless AutoPublishAliasAllProperties is on. */
function someProperties(lambda: Made): Dict {
  const out: Dict = { ...dictAt(lambda.properties, 'Code') }
  const environment = memberOf(lambda.properties, 'Environment')
  if (isDict(environment)) Object.assign(out, environment)
  const memory = memberOf(lambda.properties, 'MemorySize')
  if (memory !== undefined && given(memory)) out['MemorySize'] = memory
  const snap = dictAt(lambda.properties, 'SnapStart')
  if (snap !== undefined && (memberOf(snap, 'ApplyOn') ?? 'None') !== 'None') out['SnapStart'] = snap
  return out
}

function allProperties(world: World, lambda: Made): Dict {
  const out: Dict = copyOf(lambda.properties)
  for (const layer of listAt(lambda.properties, 'Layers') ?? []) {
    const layerId = logicalIdIn(layer)
    const layerProperties = layerId === undefined ? undefined : dictAt(world.resources[layerId], 'Properties')
    if (
      layerId !== undefined &&
      layerProperties !== undefined &&
      given(layerProperties['PublishLambdaVersion'])
    ) {
      out[layerId] = layerProperties
    }
  }
  return out
}

export function aliasOf(source: Source, name: string, version: Made): Made {
  const { id, properties } = source
  if (name === '') invalidResource(id, 'Alias name is required to create an alias')
  if (!/^(?!^[0-9]+$)[a-zA-Z0-9\-_]+$/.test(name)) {
    invalidResource(
      id,
      `AutoPublishAlias name ('${name}') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.`,
    )
  }
  const suffix = name.replaceAll('-', 'D').replaceAll('_', 'U')
  const provisioned: Value | undefined = properties['ProvisionedConcurrencyConfig']
  return made(
    `${id}Alias${suffix}`,
    'AWS::Lambda::Alias',
    {
      Name: name,
      FunctionName: { Ref: id },
      FunctionVersion: getAtt(version.id, 'Version'),
      ProvisionedConcurrencyConfig: given(provisioned) ? provisioned : undefined,
    },
    { attributes: passedOn(source) },
  )
}
