/** Roles that belong to a service: made under AWS's name for it, and taken away at once. The policies AWS gives them are not attached. */
import { prefixedId, uuid } from '#base/ids.ts'
import type { Iam } from '#model/iam.ts'
import type { Operation } from '#ports/service.ts'
import { wholeSeconds } from '#services/iam/entities.ts'
import { invalidInput, noSuchTask } from '#services/iam/faults.ts'
import { ROLES, holderOf } from '#services/iam/holders.ts'
import { SESSION_SECONDS_DEFAULT } from '#services/iam/limits.ts'
import { type IamState, type RoleRecord, deletions, nameKey, ownerOf, roles } from '#services/iam/records.ts'
import { roleView } from '#services/iam/views.ts'

/** Names that the rule below does not give. Source: the services' guides, Using service-linked roles. */
const NAMES: Readonly<Record<string, string>> = {
  'autoscaling.amazonaws.com': 'AutoScaling',
  'dynamodb.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_DynamoDBTable',
  'lambda.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_LambdaConcurrency',
  'custom-resource.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_CustomResource',
  'ecs.application-autoscaling.amazonaws.com': 'ApplicationAutoScaling_ECSService',
  'replication.dynamodb.amazonaws.com': 'DynamoDBReplication',
  'ops.apigateway.amazonaws.com': 'APIGateway',
  'elasticbeanstalk.amazonaws.com': 'ElasticBeanstalk',
  'elasticloadbalancing.amazonaws.com': 'ElasticLoadBalancing',
  'ecs.amazonaws.com': 'ECS',
  'eks.amazonaws.com': 'AmazonEKS',
  'rds.amazonaws.com': 'RDS',
  'es.amazonaws.com': 'AmazonElasticsearchService',
  'opensearchservice.amazonaws.com': 'AmazonOpenSearchService',
  'elasticache.amazonaws.com': 'ElastiCache',
  'lex.amazonaws.com': 'LexBots',
  'replicator.lambda.amazonaws.com': 'LambdaReplicator',
  'logger.cloudfront.amazonaws.com': 'CloudFrontLogger',
  'xray.amazonaws.com': 'XRay',
  'events.amazonaws.com': 'CloudWatchEvents',
  'apidestinations.events.amazonaws.com': 'AmazonEventBridgeApiDestinations',
  'ssm.amazonaws.com': 'AmazonSSM',
  'spot.amazonaws.com': 'EC2Spot',
}

/** Else the first part of the service's name with a capital (inferred). */
function linkedName(service: string): string {
  const known = NAMES[service]
  if (known !== undefined) return known
  const [first = ''] = service.split('.')
  return first.charAt(0).toUpperCase() + first.slice(1)
}

/** Fault InvalidInput for a service that is none, and for a name that is taken. Source: IAM API, CreateServiceLinkedRole; the texts are inferred. */
export const createServiceLinkedRole: Operation<Iam['CreateServiceLinkedRole'], IamState> = async (
  input,
  state,
  call,
) => {
  const service = input.AWSServiceName
  if (!/^[\w-]+(\.[\w-]+)*\.amazonaws\.com$/.test(service))
    throw invalidInput(`Service ${service} is not a valid service principal.`)
  const suffix = input.CustomSuffix === undefined ? '' : `_${input.CustomSuffix}`
  const name = `AWSServiceRoleFor${linkedName(service)}${suffix}`
  const path = `/aws-service-role/${service}/`
  const role: RoleRecord = {
    name,
    path,
    id: prefixedId(state.random, 'AROA'),
    arn: `arn:aws:iam::${call.account}:role${path}${name}`,
    createdAt: wholeSeconds(state.clock.now()),
    trust: JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Action: ['sts:AssumeRole'], Effect: 'Allow', Principal: { Service: [service] } }],
    }),
    description: input.Description,
    maxSessionSeconds: SESSION_SECONDS_DEFAULT,
    tags: [],
    inline: [],
    attached: [],
    linkedTo: service,
  }
  await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    if ((await roles.get(tx, owner, nameKey(name))) !== undefined)
      throw invalidInput(
        `Service role name ${name} has been taken in this account, please try a different suffix.`,
      )
    roles.put(tx, owner, [nameKey(name)], role)
  })
  return { Role: { ...roleView(role), RoleLastUsed: undefined } }
}

/** Nothing here asks the service whether it still needs the role: it is gone when the answer is there. */
export const deleteServiceLinkedRole: Operation<Iam['DeleteServiceLinkedRole'], IamState> = async (
  input,
  state,
  call,
) => {
  const id = uuid(state.random)
  const task = await state.store.tx(async (tx) => {
    const owner = ownerOf(call.account)
    const role = await holderOf(ROLES, tx, call.account, input.RoleName)
    if (role.linkedTo === undefined) throw invalidInput(`The role ${role.name} is not a service-linked role.`)
    const name = `task${role.path}${role.name}/${id}`
    roles.delete(tx, owner, nameKey(role.name))
    deletions.put(tx, owner, [name], { task: name })
    return name
  })
  return { DeletionTaskId: task }
}

export const getServiceLinkedRoleDeletionStatus: Operation<
  Iam['GetServiceLinkedRoleDeletionStatus'],
  IamState
> = async (input, state, call) => {
  const task = await deletions.get(state.store.read, ownerOf(call.account), input.DeletionTaskId)
  if (task === undefined) throw noSuchTask(input.DeletionTaskId)
  return { Status: 'SUCCEEDED' }
}
