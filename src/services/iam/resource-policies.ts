/** The policy of a resource, asked from the service that keeps it by AWS's own operation; a role's trust is IAM's own. */
import { type Arn, parseArn } from '#base/arn.ts'
import { Fault } from '#base/fault.ts'
import { type AccountId, DEFAULT_REGION, type Region, accountId, regionOf } from '#base/ids.ts'
import type { Api } from '#ports/api.ts'
import { type IamState, nameKey, ownerOf, roles } from '#services/iam/records.ts'

/** Where the request is: buckets' ARNs say neither account nor region. */
export interface Place {
  readonly account: AccountId
  readonly region: Region
}

type Reader = (api: Api, arn: Arn, as: Place) => Promise<string | undefined>

const READERS: Readonly<Record<string, Reader>> = {
  sqs: async (api, arn, as) => {
    const QueueUrl = `http://localhost/${as.account}/${arn.resource}`
    const input = { QueueUrl, AttributeNames: ['Policy'] }
    return (await api.call('sqs', 'GetQueueAttributes', input, as)).Attributes?.['Policy']
  },
  sns: async (api, arn, as) => {
    const TopicArn = `arn:aws:sns:${as.region}:${as.account}:${arn.resource.split(':')[0] ?? ''}`
    return (await api.call('sns', 'GetTopicAttributes', { TopicArn }, as)).Attributes?.['Policy']
  },
  s3: async (api, arn, as) => {
    const Bucket = arn.resource.split('/')[0] ?? ''
    return (await api.call('s3', 'GetBucketPolicy', { Bucket }, as)).Policy
  },
  lambda: async (api, arn, as) => {
    const [kind, FunctionName = '', Qualifier] = arn.resource.split(':')
    if (kind !== 'function') return undefined
    const input = { FunctionName, ...(Qualifier === undefined ? {} : { Qualifier }) }
    return (await api.call('lambda', 'GetPolicy', input, as)).Policy
  },
  events: async (api, arn, as) => {
    const [kind, Name = ''] = arn.resource.split('/')
    return kind === 'event-bus'
      ? (await api.call('events', 'DescribeEventBus', { Name }, as)).Policy
      : undefined
  },
}

/** Undefined when the resource has none, or is none. */
export async function resourcePolicy(
  state: IamState,
  resource: string,
  place: Place,
): Promise<string | undefined> {
  const arn = parseArn(resource)
  if (arn === undefined) return undefined
  const account = accountId(arn.account) ?? place.account
  if (arn.service === 'iam') {
    const name = arn.resource.startsWith('role/') ? (arn.resource.split('/').at(-1) ?? '') : undefined
    if (name === undefined) return undefined
    return (await roles.get(state.store.read, ownerOf(account), nameKey(name)))?.trust
  }
  const region = regionOf(arn.region) ?? (arn.region === '' ? place.region : DEFAULT_REGION)
  try {
    return await READERS[arn.service]?.(state.api, arn, { account, region })
  } catch (fault) {
    if (fault instanceof Fault) return undefined
    throw fault
  }
}
