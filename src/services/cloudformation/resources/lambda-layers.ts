/** AWS::Lambda::LayerVersion and AWS::Lambda::LayerVersionPermission: every change makes another one. */
import { parseArn } from '#base/arn.ts'
import { parseIso } from '#base/time.ts'
import { textAt, type Dict } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { pick, request, text, unlessGone } from '#services/cloudformation/resources/properties.ts'
import { firstOf } from '#services/cloudformation/resources/search.ts'

/** From the ARN of a version: the layer's own ARN ends before the number. */
function layerOf(arn: string): { readonly LayerName: string; readonly VersionNumber: number } {
  const [, number = ''] = /^layer:[^:]+:(\d+)$/.exec(parseArn(arn)?.resource ?? '') ?? []
  return { LayerName: arn.slice(0, -number.length - 1), VersionNumber: Number(number) }
}

const made = (arn: string): Made => ({ physicalId: arn, attributes: { LayerVersionArn: arn } })

const nameOf = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'LayerName') ?? context.name(64)

/** Ref is the ARN of the version. */
export const lambdaLayerVersion: ResourceHandler = {
  async create(context, properties) {
    const input = {
      LayerName: nameOf(context, properties),
      ...pick(properties, [
        'Content',
        'Description',
        'CompatibleRuntimes',
        'CompatibleArchitectures',
        'LicenseInfo',
      ]),
    }
    const { LayerVersionArn: arn = '' } = await context.call('lambda', 'PublishLayerVersion', request(input))
    return made(arn)
  },
  update: (_, arn) => Promise.resolve(made(arn)),
  async delete(context, arn) {
    await unlessGone(() => context.call('lambda', 'DeleteLayerVersion', layerOf(arn)))
  },
  /** What an interrupted creation left is the newest version that no stack has. */
  async find(context, properties, { taken, since }) {
    const found = await firstOf(
      async (after) => {
        const page = await context.call(
          'lambda',
          'ListLayerVersions',
          request({ LayerName: nameOf(context, properties), Marker: after }),
        )
        return { items: page.LayerVersions ?? [], next: page.NextMarker }
      },
      ({ LayerVersionArn: arn, CreatedDate: at }) =>
        arn !== undefined && !taken.has(arn) && (parseIso((at ?? '').replace('+0000', 'Z')) ?? 0) >= since,
    )
    return found?.LayerVersionArn
  },
}

/** Ref is the version's ARN and the statement's id. */
export const lambdaLayerVersionPermission: ResourceHandler = {
  async create(context, properties) {
    const id = context.name(100)
    const arn = text(properties, 'LayerVersionArn')
    await context.call(
      'lambda',
      'AddLayerVersionPermission',
      request({
        ...layerOf(arn),
        StatementId: id,
        ...pick(properties, ['Action', 'Principal', 'OrganizationId']),
      }),
    )
    return permission(arn, id)
  },
  update: (context, _, properties) =>
    Promise.resolve(permission(text(properties, 'LayerVersionArn'), context.name(100))),
  async delete(context, physicalId, properties) {
    const arn = text(properties, 'LayerVersionArn')
    const StatementId = physicalId.slice(arn.length + 1)
    await unlessGone(() =>
      context.call('lambda', 'RemoveLayerVersionPermission', { ...layerOf(arn), StatementId }),
    )
  },
  async find(context, properties) {
    const arn = text(properties, 'LayerVersionArn')
    const id = context.name(100)
    let found: string | undefined
    await unlessGone(async () => {
      const { Policy: policy = '' } = await context.call('lambda', 'GetLayerVersionPolicy', layerOf(arn))
      if (policy.includes(`"Sid":"${id}"`)) found = permission(arn, id).physicalId
    })
    return found
  },
}

const permission = (arn: string, id: string): Made => {
  const physicalId = `${arn}#${id}`
  return { physicalId, attributes: { Id: physicalId } }
}
