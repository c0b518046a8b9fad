/**
 * A bucket's notification configuration: what PutBucketNotificationConfiguration accepts, which rules an event meets,
 * and back to AWS's form. Pure: whether a destination is there is `destinations.ts`, records of events are
 * `event-records.ts`.
 */
import { parseArn } from '#base/arn.ts'
import { type RandomBytes, uuid } from '#base/ids.ts'
import type { S3 } from '#model/s3.ts'
import {
  invalidArgument,
  malformedXml,
  notificationsOverlap,
  notificationTargets,
} from '#services/s3/faults.ts'

export type RuleKind = 'topic' | 'queue' | 'function'

export interface FilterRule {
  /** As AWS gives it back. Source: recorded AWS answers. */
  readonly Name: 'Prefix' | 'Suffix'
  readonly Value: string
}

export interface NotificationRule {
  readonly kind: RuleKind
  readonly id: string
  readonly arn: string
  /** With `s3:`. */
  readonly events: readonly string[]
  readonly filter?: readonly FilterRule[] | undefined
}

export interface Notifications {
  readonly rules: readonly NotificationRule[]
  readonly eventBridge: boolean
}

/** Every type of event that a rule may name. Source: S3 user guide, Supported event types. */
const EVENTS = [
  's3:ReducedRedundancyLostObject',
  's3:ObjectCreated:*',
  's3:ObjectCreated:Put',
  's3:ObjectCreated:Post',
  's3:ObjectCreated:Copy',
  's3:ObjectCreated:CompleteMultipartUpload',
  's3:ObjectRemoved:*',
  's3:ObjectRemoved:Delete',
  's3:ObjectRemoved:DeleteMarkerCreated',
  's3:ObjectRestore:*',
  's3:ObjectRestore:Post',
  's3:ObjectRestore:Completed',
  's3:ObjectRestore:Delete',
  's3:Replication:*',
  's3:Replication:OperationFailedReplication',
  's3:Replication:OperationNotTracked',
  's3:Replication:OperationMissedThreshold',
  's3:Replication:OperationReplicatedAfterThreshold',
  's3:LifecycleTransition',
  's3:IntelligentTiering',
  's3:ObjectAcl:Put',
  's3:LifecycleExpiration:*',
  's3:LifecycleExpiration:Delete',
  's3:LifecycleExpiration:DeleteMarkerCreated',
  's3:ObjectTagging:*',
  's3:ObjectTagging:Put',
  's3:ObjectTagging:Delete',
  's3:ObjectAnnotation:*',
  's3:ObjectAnnotation:Put',
  's3:ObjectAnnotation:Delete',
  's3:ObjectRetention:Put',
]

type Configuration = S3['PutBucketNotificationConfiguration']['in']['NotificationConfiguration']

interface RawRule {
  readonly kind: RuleKind
  /** The XML element that holds the ARN: AWS's faults name it. */
  readonly element: string
  readonly arn: string
  readonly Id?: string | undefined
  readonly Events: readonly string[]
  readonly Filter?:
    | {
        readonly Key?:
          | {
              readonly FilterRules?:
                | readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[]
                | undefined
            }
          | undefined
      }
    | undefined
}

const SERVICES: Readonly<Record<RuleKind, string>> = { topic: 'sns', queue: 'sqs', function: 'lambda' }

function rawRules(configuration: Configuration): RawRule[] {
  const {
    TopicConfigurations = [],
    QueueConfigurations = [],
    LambdaFunctionConfigurations = [],
  } = configuration
  return [
    ...TopicConfigurations.map(({ TopicArn, ...rule }): RawRule => ({
      ...rule,
      kind: 'topic',
      element: 'Topic',
      arn: TopicArn,
    })),
    ...QueueConfigurations.map(({ QueueArn, ...rule }): RawRule => ({
      ...rule,
      kind: 'queue',
      element: 'Queue',
      arn: QueueArn,
    })),
    ...LambdaFunctionConfigurations.map(({ LambdaFunctionArn, ...rule }): RawRule => ({
      ...rule,
      kind: 'function',
      element: 'CloudFunction',
      arn: LambdaFunctionArn,
    })),
  ]
}

/**
 * Faults InvalidArgument and MalformedXML. Source: S3 API, PutBucketNotificationConfiguration; recorded AWS answers
 * (names and order of the checks beyond ARNs are inferred).
 */
export function notificationsOf(
  configuration: Configuration,
  region: string,
  random: RandomBytes,
): Notifications {
  const raw = rawRules(configuration)
  for (const { element, arn, kind } of raw) checkArn(arn, element, { service: SERVICES[kind], region })
  const rules = raw.map((rule): NotificationRule => {
    const { kind, arn, Events: events } = rule
    if (events.length === 0) throw malformedXml()
    for (const event of events) {
      if (!EVENTS.includes(event))
        throw invalidArgument(`The event '${event}' is not supported for notifications`, 'Event', event)
    }
    const filter = filterOf(rule)
    const id = rule.Id === undefined || rule.Id === '' ? uuid(random) : rule.Id
    return { kind, id, arn, events, ...(filter.length === 0 ? {} : { filter }) }
  })
  if (new Set(rules.map(({ id }) => id)).size < rules.length)
    throw invalidArgument('Same ID used for multiple configurations. IDs must be unique', 'Id')
  checkOverlaps(rules)
  return { rules, eventBridge: configuration.EventBridgeConfiguration !== undefined }
}

function checkArn(
  arn: string,
  element: string,
  wanted: { readonly service: string; readonly region: string },
): void {
  const parsed = parseArn(arn)
  if (parsed?.service !== wanted.service || parsed.resource === '')
    throw invalidArgument('The ARN could not be parsed', element, arn)
  if (parsed.region !== wanted.region)
    throw invalidArgument(
      'The notification destination service region is not valid for the bucket location constraint',
      element,
      arn,
    )
  if (parsed.resource.endsWith('.fifo')) {
    if (wanted.service === 'sqs') throw invalidArgument('FIFO SQS queues are not supported.', element, arn)
    throw notificationTargets([[arn, 'FIFO SNS topics are not supported.']])
  }
}

function filterOf({ Filter }: RawRule): FilterRule[] {
  const rules = (Filter?.Key?.FilterRules ?? []).map(({ Name: name, Value: value }): FilterRule => {
    if (name === undefined || value === undefined) throw malformedXml()
    const lower = name.toLowerCase()
    if (lower !== 'prefix' && lower !== 'suffix')
      throw invalidArgument('filter rule name must be either prefix or suffix', 'FilterRule.Name', name)
    return { Name: lower === 'prefix' ? 'Prefix' : 'Suffix', Value: value }
  })
  for (const name of ['Prefix', 'Suffix'] as const) {
    if (rules.filter(({ Name }) => Name === name).length > 1)
      throw invalidArgument(
        `Cannot specify more than one ${name.toLowerCase()} rule in a filter.`,
        'FilterRule.Name',
        name.toLowerCase(),
      )
  }
  return rules
}

const valueOf = ({ filter = [] }: NotificationRule, name: FilterRule['Name']): string =>
  filter.find(({ Name }) => Name === name)?.Value ?? ''

/** Source: S3 user guide, Examples of valid and invalid object key name filtering. */
function checkOverlaps(rules: readonly NotificationRule[]): void {
  for (const [i, one] of rules.entries()) {
    for (const other of rules.slice(i + 1)) {
      const shared = one.events.flatMap((a) =>
        other.events.filter((b) => isOf(a, b) || isOf(b, a)).map((b) => [a, b] as const),
      )[0]
      if (shared === undefined) continue
      const [p, q] = [valueOf(one, 'Prefix'), valueOf(other, 'Prefix')]
      const [s, t] = [valueOf(one, 'Suffix'), valueOf(other, 'Suffix')]
      if (!p.startsWith(q) && !q.startsWith(p)) continue
      if (!s.endsWith(t) && !t.endsWith(s)) continue
      throw notificationsOverlap(shared, one.filter !== undefined || other.filter !== undefined)
    }
  }
}

/** True when the event is what the type (perhaps with `*` at its end) names. */
const isOf = (event: string, type: string): boolean =>
  event === type || (type.endsWith('*') && event.startsWith(type.slice(0, -1)))

/**
 * True when an event of that type on that key is the rule's. Values of filters are written as they are or URL-encoded.
 * Source: S3 user guide, Configuring event notifications using object key name filtering.
 */
export function concerns(rule: NotificationRule, event: string, key: string): boolean {
  if (!rule.events.some((type) => isOf(event, type))) return false
  const [prefix, suffix] = [valueOf(rule, 'Prefix'), valueOf(rule, 'Suffix')]
  return [key, encodedKey(key)].some((form) => form.startsWith(prefix) && form.endsWith(suffix))
}

/** A key as records of events spell it: form encoding but for slashes. Source: recorded AWS answers. */
export const encodedKey = (key: string): string =>
  encodeURIComponent(key)
    .replaceAll('%2F', '/')
    .replaceAll('%20', '+')
    .replaceAll(/[!'()]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`)

type Printed = S3['GetBucketNotificationConfiguration']['out']

/** AWS's form again; what is empty is left out. */
export function printedNotifications({ rules, eventBridge }: Notifications): Printed {
  const of = (kind: RuleKind): readonly NotificationRule[] => rules.filter((rule) => rule.kind === kind)
  const plain = ({ id, events, filter }: NotificationRule) => ({
    // oxlint-disable-line typescript/explicit-function-return-type
    Id: id,
    Events: events,
    ...(filter === undefined ? {} : { Filter: { Key: { FilterRules: filter } } }),
  })
  const [topics, queues, functions] = [of('topic'), of('queue'), of('function')]
  return {
    ...(topics.length === 0
      ? {}
      : { TopicConfigurations: topics.map((rule) => ({ ...plain(rule), TopicArn: rule.arn })) }),
    ...(queues.length === 0
      ? {}
      : { QueueConfigurations: queues.map((rule) => ({ ...plain(rule), QueueArn: rule.arn })) }),
    ...(functions.length === 0
      ? {}
      : {
          LambdaFunctionConfigurations: functions.map((rule) => ({
            ...plain(rule),
            LambdaFunctionArn: rule.arn,
          })),
        }),
    ...(eventBridge ? { EventBridgeConfiguration: {} } : {}),
  }
}
