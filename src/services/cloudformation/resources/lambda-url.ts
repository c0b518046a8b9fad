/** AWS::Lambda::Url: the address of a function or of one of its aliases. */
import { type Dict, memberOf } from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import { pick, request, text, unlessGone } from '#services/cloudformation/resources/properties.ts'

const SETTINGS = ['AuthType', 'InvokeMode']

/** Which function, and of an alias its name. */
const target = (properties: Dict): Dict => ({
  FunctionName: text(properties, 'TargetFunctionArn'),
  ...pick(properties, ['Qualifier']),
})

interface Shown {
  readonly FunctionArn: string
  readonly FunctionUrl: string
}

const made = ({ FunctionArn, FunctionUrl }: Shown): Made => ({
  physicalId: FunctionArn,
  attributes: { FunctionArn, FunctionUrl },
})

export const lambdaUrl: ResourceHandler = {
  async create(context, properties) {
    const input = { ...target(properties), ...pick(properties, [...SETTINGS, 'Cors']) }
    return made(await context.call('lambda', 'CreateFunctionUrlConfig', request(input)))
  },
  async update(context, _, properties) {
    const input = {
      ...target(properties),
      InvokeMode: 'BUFFERED',
      ...pick(properties, SETTINGS),
      // what a template does not name any more is taken back
      Cors: memberOf(properties, 'Cors') ?? {},
    }
    return made(await context.call('lambda', 'UpdateFunctionUrlConfig', request(input)))
  },
  async delete(context, _, properties) {
    await unlessGone(() => context.call('lambda', 'DeleteFunctionUrlConfig', request(target(properties))))
  },
  find: async (context, properties) => await found(context, properties),
}

/** A function and an alias have one each. */
async function found(context: ResourceContext, properties: Dict): Promise<string | undefined> {
  let arn: string | undefined
  await unlessGone(async () => {
    const shown = await context.call('lambda', 'GetFunctionUrlConfig', request(target(properties)))
    arn = shown.FunctionArn
  })
  return arn
}
