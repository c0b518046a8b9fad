/** AWS::Lambda::CodeSigningConfig. Ref is its ARN. */
import { parseArn } from '#base/arn.ts'
import { memberOf, textAt, type Dict } from '#engines/templates/value.ts'
import type { Made, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { pick, request, tagMap, unlessGone } from '#services/cloudformation/resources/properties.ts'

const PREFIX = 'code-signing-config:'

const made = (arn: string): Made => ({
  physicalId: arn,
  attributes: {
    CodeSigningConfigArn: arn,
    CodeSigningConfigId: parseArn(arn)?.resource.slice(PREFIX.length) ?? '',
  },
})

/** What the template leaves out is taken back. */
const settings = (properties: Dict): Dict => ({
  ...pick(properties, ['AllowedPublishers']),
  Description: textAt(properties, 'Description') ?? '',
  CodeSigningPolicies: memberOf(properties, 'CodeSigningPolicies') ?? {
    UntrustedArtifactOnDeployment: 'Warn',
  },
})

export const lambdaCodeSigningConfig: ResourceHandler = {
  async create(context, properties) {
    const input = { ...settings(properties), Tags: tagMap(properties) }
    const { CodeSigningConfig: config } = await context.call(
      'lambda',
      'CreateCodeSigningConfig',
      request(input),
    )
    return made(config.CodeSigningConfigArn)
  },
  async update(context, arn, properties) {
    const input = { CodeSigningConfigArn: arn, ...settings(properties) }
    await context.call('lambda', 'UpdateCodeSigningConfig', request(input))
    return made(arn)
  },
  async delete(context, arn) {
    await unlessGone(() => context.call('lambda', 'DeleteCodeSigningConfig', { CodeSigningConfigArn: arn }))
  },
}
