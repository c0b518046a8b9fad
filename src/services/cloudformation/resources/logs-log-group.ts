/** AWS::Logs::LogGroup. */
import { type Dict, memberOf, textAt } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { refuse, request, tagMap, unlessGone } from '#services/cloudformation/resources/properties.ts'

const REFUSED = [
  'DataProtectionPolicy',
  'FieldIndexPolicies',
  'ResourcePolicyDocument',
  'BearerTokenAuthenticationEnabled',
]

const nameOf = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'LogGroupName') ?? context.name(512)

const made = ({ stack }: ResourceContext, name: string): Made => ({
  physicalId: name,
  attributes: { Arn: `arn:${stack.partition}:logs:${stack.region}:${stack.account}:log-group:${name}:*` },
})

async function setRetention(
  context: ResourceContext,
  name: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const [old, days] = [memberOf(before, 'RetentionInDays'), memberOf(properties, 'RetentionInDays')]
  if (old === days) return
  if (typeof days === 'number') {
    await context.call('logs', 'PutRetentionPolicy', { logGroupName: name, retentionInDays: days })
  } else await context.call('logs', 'DeleteRetentionPolicy', { logGroupName: name })
}

export const logsLogGroup: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::Logs::LogGroup', properties, REFUSED)
    const name = nameOf(context, properties)
    const tags = tagMap(properties)
    await context.call(
      'logs',
      'CreateLogGroup',
      request({
        logGroupName: name,
        kmsKeyId: memberOf(properties, 'KmsKeyId'),
        logGroupClass: memberOf(properties, 'LogGroupClass'),
        deletionProtectionEnabled: memberOf(properties, 'DeletionProtectionEnabled'),
        tags: Object.keys(tags).length === 0 ? undefined : tags,
      }),
    )
    await setRetention(context, name, properties, {})
    return made(context, name)
  },
  async update(context, name, properties, before) {
    refuse('AWS::Logs::LogGroup', properties, REFUSED)
    await setRetention(context, name, properties, before)
    const [old, fresh] = [tagMap(before), tagMap(properties)]
    const arn = made(context, name).attributes['Arn']
    const resourceArn = typeof arn === 'string' ? arn.replace(/:\*$/, '') : ''
    const changed = Object.entries(fresh).filter(([key, value]) => old[key] !== value)
    const gone = Object.keys(old).filter((key) => !Object.hasOwn(fresh, key))
    if (changed.length > 0) {
      await context.call('logs', 'TagResource', { resourceArn, tags: Object.fromEntries(changed) })
    }
    if (gone.length > 0) await context.call('logs', 'UntagResource', { resourceArn, tagKeys: gone })
    return made(context, name)
  },
  async delete(context, name) {
    await unlessGone(() => context.call('logs', 'DeleteLogGroup', { logGroupName: name }))
  },
  existing: nameOf,
}
