/** AWS::SSM::Parameter. */
import { printArn } from '#base/arn.ts'
import { type Dict, memberOf, textAt } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  changedTags,
  request,
  tagList,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'

/** `CFN-logical-RANDOM`. Source: recorded AWS answers. */
function nameOf(context: ResourceContext, properties: Dict): string {
  const generated = context.name(200)
  const random = generated.slice(generated.lastIndexOf('-') + 1)
  return textAt(properties, 'Name') ?? `CFN-${context.logicalId}-${random}`
}

/** Source: CloudFormation template reference, AWS::SSM::Parameter, Type. */
function checkType(properties: Dict): void {
  if (text(properties, 'Type') === 'SecureString')
    throw validationError('SecureString parameters are not supported by AWS::SSM::Parameter.')
}

function made({ stack }: ResourceContext, name: string, properties: Dict): Made {
  const { partition, region, account } = stack
  const resource = `parameter/${name.replace(/^\//, '')}`
  return {
    physicalId: name,
    attributes: {
      Arn: printArn({ partition, service: 'ssm', region, account, resource }),
      Type: memberOf(properties, 'Type') ?? '',
      Value: memberOf(properties, 'Value') ?? '',
    },
  }
}

const putting = (name: string, properties: Dict): Readonly<Record<string, unknown>> => ({
  Name: name,
  AllowedPattern: memberOf(properties, 'AllowedPattern'),
  DataType: memberOf(properties, 'DataType'),
  Description: memberOf(properties, 'Description'),
  Policies: memberOf(properties, 'Policies'),
  Tier: memberOf(properties, 'Tier'),
  Type: memberOf(properties, 'Type'),
  Value: memberOf(properties, 'Value'),
})

export const ssmParameter: ResourceHandler = {
  async create(context, properties) {
    checkType(properties)
    const name = nameOf(context, properties)
    const whole = { ...putting(name, properties), Tags: tagList(properties) }
    await context.call('ssm', 'PutParameter', request(whole))
    return made(context, name, properties)
  },
  async update(context, name, properties, before) {
    checkType(properties)
    await context.call('ssm', 'PutParameter', request({ ...putting(name, properties), Overwrite: true }))
    const { set, gone } = changedTags(properties, before)
    const tagged = { ResourceType: 'Parameter', ResourceId: name } as const
    const fresh = Object.entries(set).map(([Key, Value]) => ({ Key, Value }))
    if (fresh.length > 0) await context.call('ssm', 'AddTagsToResource', { ...tagged, Tags: fresh })
    if (gone.length > 0)
      await context.call('ssm', 'RemoveTagsFromResource', { ...tagged, TagKeys: [...gone] })
    return made(context, name, properties)
  },
  async delete(context, name) {
    await unlessGone(() => context.call('ssm', 'DeleteParameter', { Name: name }))
  },
  existing: nameOf,
}
