/**
 * Whether the destinations of a configuration are there, and the test event that queues and topics get. AWS refuses
 * all that fail in one answer. Of a function its policy is asked; of queues and topics the policy is not looked at until IAM is
 * enforced.
 */
import { parseArn } from '#base/arn.ts'
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { accountId, DEFAULT_ACCOUNT, regionOf } from '#base/ids.ts'
import { readPolicy } from '#engines/iam-policy/document.ts'
import { evaluate } from '#engines/iam-policy/evaluate.ts'
import { contextOf } from '#engines/iam-policy/glob.ts'
import type { ApiIdentity } from '#ports/api.ts'
import type { Call } from '#ports/service.ts'
import { SUBJECT } from '#services/s3/deliveries.ts'
import { PRINCIPAL, testEvent } from '#services/s3/event-records.ts'
import { notificationTargets } from '#services/s3/faults.ts'
import { bucketArn } from '#services/s3/names.ts'
import type { NotificationRule } from '#services/s3/notifications.ts'
import type { BucketRecord } from '#services/s3/records.ts'
import type { S3State } from '#services/s3/state.ts'

/** Fault InvalidArgument naming each destination that is not there or takes nothing. Source: recorded AWS answers. */
export async function checkDestinations(
  state: S3State,
  bucket: BucketRecord,
  rules: readonly NotificationRule[],
  call: Call,
): Promise<void> {
  const wrong: (readonly [string, string])[] = []
  for (const rule of distinct(rules)) {
    const why = (await whyMissing(state, rule, call)) ?? (await whyNotTold(state, bucket, rule, call))
    if (why !== undefined) wrong.push(why)
  }
  if (wrong.length > 0) throw notificationTargets(wrong)
}

const distinct = (rules: readonly NotificationRule[]): readonly NotificationRule[] => [
  ...new Map(rules.map((rule) => [rule.arn, rule])).values(),
]

async function whyMissing(
  state: S3State,
  { kind, arn }: NotificationRule,
  call: Call,
): Promise<readonly [string, string] | undefined> {
  const parsed = parseArn(arn)
  const account = accountId(parsed?.account ?? '') ?? DEFAULT_ACCOUNT
  const region = regionOf(parsed?.region ?? '') ?? call.region
  const resource = parsed?.resource ?? ''
  const as: ApiIdentity = { account, region, span: call.span }
  try {
    if (kind === 'queue') await state.api.call('sqs', 'GetQueueUrl', { QueueName: resource }, as)
    else if (kind === 'topic') await state.api.call('sns', 'GetTopicAttributes', { TopicArn: arn }, as)
    else await state.api.call('lambda', 'GetFunctionConfiguration', { FunctionName: arn }, as)
    return undefined
  } catch (error) {
    if (!(error instanceof Fault)) throw error
    if (kind === 'queue') return [arn, 'The destination queue does not exist']
    if (kind === 'topic') return [arn, 'The destination topic does not exist']
    return [`${arn}, null`, `Not authorized to invoke function [${arn}]`]
  }
}

/** Functions get no test event. Source: S3 user guide, Event message structure (test message to queues and topics). */
async function whyNotTold(
  state: S3State,
  bucket: BucketRecord,
  { kind, arn }: NotificationRule,
  call: Call,
): Promise<readonly [string, string] | undefined> {
  if (kind === 'function') return await whyNotInvoked(state, bucket, arn, call)
  const outcome = await state.targets.deliver({
    arn,
    payload: utf8(testEvent(bucket.name, call.at, call.requestId)),
    mode: 'hand-over',
    principal: PRINCIPAL,
    sourceArn: bucketArn(bucket.name, bucket.region),
    message: { subject: SUBJECT },
    account: bucket.account,
    region: bucket.region,
    span: call.span,
  })
  if (outcome.kind !== 'refused') return undefined
  return [
    arn,
    `Permissions on the destination ${kind} do not allow S3 to publish notifications from this bucket`,
  ]
}

/** Source: a recorded AWS answer, for the text; Lambda developer guide, Using AWS Lambda with Amazon S3. */
async function whyNotInvoked(
  state: S3State,
  bucket: BucketRecord,
  arn: string,
  call: Call,
): Promise<readonly [string, string] | undefined> {
  const { account, region } = bucket
  const policy = await state.api
    .call('lambda', 'GetPolicy', { FunctionName: arn }, { account, region, span: call.span })
    .then(({ Policy: text }) => text ?? '')
    .catch((error: unknown) => {
      if (!(error instanceof Fault)) throw error
      return '' // it has none
    })
  const read = readPolicy(policy)
  const refused = [`${arn}, null`, `Not authorized to invoke function [${arn}]`] as const
  if (read === undefined) return refused
  const context = contextOf([
    ['aws:SourceArn', [bucketArn(bucket.name, region)]],
    ['aws:SourceAccount', [account]],
  ])
  const principal = { kind: 'service', service: PRINCIPAL } as const
  const access = {
    principal,
    action: 'lambda:InvokeFunction',
    resource: arn,
    resourceAccount: account,
    context,
  }
  const decision = evaluate(access, { identity: [], resource: { id: arn, policy: read } })
  return decision.kind === 'allowed' ? undefined : refused
}
