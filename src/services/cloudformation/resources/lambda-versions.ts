/**
 * AWS::Lambda::Version and AWS::Lambda::Alias, with the provisioned concurrency that either may have: a deployment waits
 * until all of it is there. Traffic shifting by deployment groups is `alias-deployment.ts`.
 */
import { parseArn } from '#base/arn.ts'
import { dictAt, listAt, memberOf, sameValue, textAt, type Dict } from '#engines/templates/value.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { FUNCTION_POLL_MS, PROVISIONED_READY_MS } from '#services/cloudformation/limits.ts'
import { deployAlias } from '#services/cloudformation/resources/alias-deployment.ts'
import {
  type Made,
  pause,
  type ResourceContext,
  type ResourceHandler,
} from '#services/cloudformation/resources/handler.ts'
import { pick, refuse, request, text, unlessGone } from '#services/cloudformation/resources/properties.ts'

/** A function and one of its qualifiers, as the API takes them. */
interface Qualified {
  readonly FunctionName: string
  readonly Qualifier: string
}

/** From the ARN that is the physical id. */
function qualified(arn: string): Qualified {
  const [, name = arn, Qualifier = ''] = (parseArn(arn)?.resource ?? '').split(':')
  return { FunctionName: name, Qualifier }
}

const wanted = (properties: Dict): unknown =>
  memberOf(dictAt(properties, 'ProvisionedConcurrencyConfig') ?? {}, 'ProvisionedConcurrentExecutions')

/** Makes the provisioned concurrency what the template says, and waits for it. */
async function provide(
  context: ResourceContext,
  of: Qualified,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const count = wanted(properties)
  if (
    sameValue(
      dictAt(properties, 'ProvisionedConcurrencyConfig'),
      dictAt(before, 'ProvisionedConcurrencyConfig'),
    )
  )
    return
  if (count === undefined) {
    await unlessGone(() => context.call('lambda', 'DeleteProvisionedConcurrencyConfig', of))
    return
  }
  const input = { ...of, ProvisionedConcurrentExecutions: Number(count) }
  await context.call('lambda', 'PutProvisionedConcurrencyConfig', input)
  await allThere(context, of)
}

/** Waits for the environments. Fault: they could not be started. */
async function allThere(context: ResourceContext, of: Qualified): Promise<void> {
  const started = context.clock.elapsed()
  while (context.clock.elapsed() - started < PROVISIONED_READY_MS) {
    const { Status, StatusReason } = await context.call('lambda', 'GetProvisionedConcurrencyConfig', of)
    if (Status === 'READY') return
    if (Status === 'FAILED')
      throw validationError(
        `Provisioned concurrency of ${of.FunctionName}:${of.Qualifier} failed: ${StatusReason ?? ''}`,
      )
    await pause(context.clock, FUNCTION_POLL_MS)
  }
  throw validationError(`Provisioned concurrency of ${of.FunctionName}:${of.Qualifier} was not ready in time`)
}

async function manageRuntime(
  context: ResourceContext,
  of: Qualified,
  properties: Dict,
  before: Dict,
): Promise<void> {
  const policy = dictAt(properties, 'RuntimePolicy')
  if (policy === undefined || sameValue(policy, dictAt(before, 'RuntimePolicy'))) return
  await context.call('lambda', 'PutRuntimeManagementConfig', request({ ...of, ...policy }))
}

const versionMade = (arn: string): Made => ({
  physicalId: arn,
  attributes: { FunctionArn: arn, Version: qualified(arn).Qualifier },
})

/** Ref is the ARN with the version. Most changes make a new version. */
export const lambdaVersion: ResourceHandler = {
  async create(context, properties) {
    refuse('AWS::Lambda::Version', properties, ['FunctionScalingConfig'])
    const input = pick(properties, ['FunctionName', 'CodeSha256', 'Description'])
    const { FunctionArn: arn = '' } = await context.call('lambda', 'PublishVersion', request(input))
    await manageRuntime(context, qualified(arn), properties, {})
    await provide(context, qualified(arn), properties, {})
    return versionMade(arn)
  },
  async update(context, arn, properties, before) {
    refuse('AWS::Lambda::Version', properties, ['FunctionScalingConfig'])
    await manageRuntime(context, qualified(arn), properties, before)
    await provide(context, qualified(arn), properties, before)
    return versionMade(arn)
  },
  async delete(context, arn) {
    await unlessGone(() => context.call('lambda', 'DeleteFunction', qualified(arn)))
  },
}

const aliasMade = (arn: string): Made => ({ physicalId: arn, attributes: { AliasArn: arn } })

/** The template gives a list, the API takes a map. Without one, an earlier routing is taken back. */
function routing(properties: Dict): Dict {
  const list = listAt(dictAt(properties, 'RoutingConfig') ?? {}, 'AdditionalVersionWeights') ?? []
  const weights: Dict = {}
  for (const each of list) {
    const version = textAt(each, 'FunctionVersion')
    const weight = memberOf(each, 'FunctionWeight')
    if (version !== undefined && weight !== undefined) weights[version] = Number(weight)
  }
  return { AdditionalVersionWeights: weights }
}

const aliasInput = (properties: Dict): Dict => ({
  ...pick(properties, ['FunctionName', 'Name', 'FunctionVersion', 'Description']),
  RoutingConfig: routing(properties),
})

/** Ref is the ARN with the alias. */
export const lambdaAlias: ResourceHandler = {
  async create(context, properties) {
    const { AliasArn: arn = '' } = await context.call(
      'lambda',
      'CreateAlias',
      request(aliasInput(properties)),
    )
    await provide(context, qualified(arn), properties, {})
    return aliasMade(arn)
  },
  async update(context, arn, properties, before) {
    await deployAlias(context, properties, before)
    const input = { Description: '', ...aliasInput(properties) }
    await context.call('lambda', 'UpdateAlias', request(input))
    // An alias that moved takes its environments along.
    if (wanted(properties) !== undefined && wanted(before) !== undefined)
      await allThere(context, qualified(arn))
    await provide(context, qualified(arn), properties, before)
    return aliasMade(arn)
  },
  async delete(context, arn, properties) {
    const { FunctionName } = qualified(arn)
    await unlessGone(() =>
      context.call('lambda', 'DeleteAlias', { FunctionName, Name: text(properties, 'Name') }),
    )
  },
  async find(context, properties) {
    const input = { FunctionName: text(properties, 'FunctionName'), Name: text(properties, 'Name') }
    let arn: string | undefined
    await unlessGone(async () => {
      arn = (await context.call('lambda', 'GetAlias', input)).AliasArn
    })
    return arn
  },
}
