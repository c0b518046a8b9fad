/** AWS::S3::Bucket and its policy. Each setting is one call; what S3 does not have here yet is refused by name. */
import {
  type Dict,
  dictAt,
  listAt,
  memberOf,
  sameValue,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'
import {
  documentText,
  refuse,
  request,
  tagList,
  text,
  unlessGone,
} from '#services/cloudformation/resources/properties.ts'

const TYPE = 'AWS::S3::Bucket'
const REFUSED = [
  'AnalyticsConfigurations',
  'IntelligentTieringConfigurations',
  'InventoryConfigurations',
  'MetricsConfigurations',
  'ReplicationConfiguration',
  'BucketNamespace',
  'BucketNamePrefix',
  'MetadataTableConfiguration',
  'MetadataConfiguration',
  'AbacStatus',
]

interface Setting {
  readonly property: string
  readonly operation: string
  put(context: ResourceContext, bucket: string, value: Value): Promise<unknown>
  remove(context: ResourceContext, bucket: string): Promise<unknown>
  /** Said in the event where S3 has no such operation yet; without it the resource is refused. */
  readonly without?: string
}

const list = (value: Value, name: string): Value[] => listAt(value, name) ?? []
const one = (value: Value | undefined): Value[] => (value === undefined ? [] : [value])

/** CORS rules: CloudFormation's members have other names. */
const corsRule = (rule: Value): Dict =>
  request({
    ID: memberOf(rule, 'Id'),
    AllowedHeaders: memberOf(rule, 'AllowedHeaders'),
    AllowedMethods: memberOf(rule, 'AllowedMethods'),
    AllowedOrigins: memberOf(rule, 'AllowedOrigins'),
    ExposeHeaders: memberOf(rule, 'ExposedHeaders'),
    MaxAgeSeconds: memberOf(rule, 'MaxAge'),
  })

function lifecycleRule(rule: Value): Dict {
  const tags = list(rule, 'TagFilters')
  const parts = {
    Prefix: memberOf(rule, 'Prefix'),
    ObjectSizeGreaterThan: numberIn(rule, 'ObjectSizeGreaterThan'),
    ObjectSizeLessThan: numberIn(rule, 'ObjectSizeLessThan'),
  }
  const given = Object.values(parts).filter((part) => part !== undefined).length + tags.length
  const filter = given > 1 ? { And: request({ ...parts, Tags: tags }) } : request({ ...parts, Tag: tags[0] })
  const days = memberOf(rule, 'ExpirationInDays')
  const date = textAt(rule, 'ExpirationDate')
  const marker = memberOf(rule, 'ExpiredObjectDeleteMarker')
  const expires = [days, date, marker].some((part) => part !== undefined)
  const noncurrent = memberOf(rule, 'NoncurrentVersionExpirationInDays')
  return request({
    ID: memberOf(rule, 'Id'),
    Status: memberOf(rule, 'Status'),
    Filter: filter,
    Expiration: expires ? request({ Days: days, Date: date, ExpiredObjectDeleteMarker: marker }) : undefined,
    Transitions: transitions([...list(rule, 'Transitions'), ...one(memberOf(rule, 'Transition'))]),
    NoncurrentVersionExpiration:
      noncurrent === undefined
        ? memberOf(rule, 'NoncurrentVersionExpiration')
        : { NoncurrentDays: noncurrent },
    AbortIncompleteMultipartUpload: memberOf(rule, 'AbortIncompleteMultipartUpload'),
  })
}

const numberIn = (value: Value, name: string): number | undefined => {
  const found = textAt(value, name)
  return found === undefined ? undefined : Number(found)
}

const transitions = (all: readonly Value[]): Dict[] | undefined =>
  all.length === 0
    ? undefined
    : all.map((transition) =>
        request({
          Days: memberOf(transition, 'TransitionInDays'),
          Date: memberOf(transition, 'TransitionDate'),
          StorageClass: memberOf(transition, 'StorageClass'),
        }),
      )

function notifications(value: Value): Dict {
  const events = (config: Value): Value[] => one(memberOf(config, 'Event'))
  const filter = (config: Value): Value | undefined => {
    const rules = memberOf(memberOf(memberOf(config, 'Filter'), 'S3Key'), 'Rules')
    return rules === undefined ? undefined : { Key: { FilterRules: rules } }
  }
  const each = (name: string, arn: string, from: string): Dict[] | undefined => {
    const all = list(value, name)
    return all.length === 0
      ? undefined
      : all.map((config) =>
          request({ [arn]: memberOf(config, from), Events: events(config), Filter: filter(config) }),
        )
  }
  const bridge = memberOf(memberOf(value, 'EventBridgeConfiguration'), 'EventBridgeEnabled')
  return request({
    LambdaFunctionConfigurations: each('LambdaConfigurations', 'LambdaFunctionArn', 'Function'),
    QueueConfigurations: each('QueueConfigurations', 'QueueArn', 'Queue'),
    TopicConfigurations: each('TopicConfigurations', 'TopicArn', 'Topic'),
    EventBridgeConfiguration: bridge === true ? {} : undefined,
  })
}

/** Regions whose website endpoints have a dash before the region. Source: AWS general reference, S3 website endpoints. */
const DASHED = new Set([
  'us-east-1',
  'us-west-1',
  'us-west-2',
  'ap-southeast-1',
  'ap-southeast-2',
  'ap-northeast-1',
  'eu-west-1',
  'sa-east-1',
  'us-gov-west-1',
])

function website(value: Value): Dict {
  const suffix = memberOf(value, 'IndexDocument')
  const key = memberOf(value, 'ErrorDocument')
  const rules = list(value, 'RoutingRules').map((rule) =>
    request<Dict>({
      Condition: memberOf(rule, 'RoutingRuleCondition'),
      Redirect: memberOf(rule, 'RedirectRule'),
    }),
  )
  return request({
    IndexDocument: suffix === undefined ? undefined : { Suffix: suffix },
    ErrorDocument: key === undefined ? undefined : { Key: key },
    RedirectAllRequestsTo: memberOf(value, 'RedirectAllRequestsTo'),
    RoutingRules: rules.length === 0 ? undefined : rules,
  })
}

const SETTINGS: readonly Setting[] = [
  {
    property: 'VersioningConfiguration',
    operation: 'PutBucketVersioning',
    put: (context, Bucket, value) =>
      context.call('s3', 'PutBucketVersioning', request({ Bucket, VersioningConfiguration: value })),
    remove: (context, Bucket) =>
      context.call('s3', 'PutBucketVersioning', { Bucket, VersioningConfiguration: { Status: 'Suspended' } }),
  },
  {
    property: 'BucketEncryption',
    operation: 'PutBucketEncryption',
    put: (context, Bucket, value) => {
      const rules = list(value, 'ServerSideEncryptionConfiguration').map((rule) =>
        request<Dict>({
          ApplyServerSideEncryptionByDefault: memberOf(rule, 'ServerSideEncryptionByDefault'),
          BucketKeyEnabled: memberOf(rule, 'BucketKeyEnabled'),
        }),
      )
      return context.call(
        's3',
        'PutBucketEncryption',
        request({ Bucket, ServerSideEncryptionConfiguration: { Rules: rules } }),
      )
    },
    remove: (context, Bucket) => context.call('s3', 'DeleteBucketEncryption', { Bucket }),
  },
  {
    property: 'CorsConfiguration',
    operation: 'PutBucketCors',
    put: (context, Bucket, value) =>
      context.call(
        's3',
        'PutBucketCors',
        request({ Bucket, CORSConfiguration: { CORSRules: list(value, 'CorsRules').map(corsRule) } }),
      ),
    remove: (context, Bucket) => context.call('s3', 'DeleteBucketCors', { Bucket }),
  },
  {
    property: 'LifecycleConfiguration',
    operation: 'PutBucketLifecycleConfiguration',
    without: 'Windtunnel applies no LifecycleConfiguration yet: nothing expires or moves by itself.',
    put: (context, Bucket, value) =>
      context.call(
        's3',
        'PutBucketLifecycleConfiguration',
        request({
          Bucket,
          LifecycleConfiguration: { Rules: list(value, 'Rules').map(lifecycleRule) },
          TransitionDefaultMinimumObjectSize: memberOf(value, 'TransitionDefaultMinimumObjectSize'),
        }),
      ),
    remove: (context, Bucket) => context.call('s3', 'DeleteBucketLifecycle', { Bucket }),
  },
  {
    property: 'PublicAccessBlockConfiguration',
    operation: 'PutPublicAccessBlock',
    put: (context, Bucket, value) =>
      context.call('s3', 'PutPublicAccessBlock', request({ Bucket, PublicAccessBlockConfiguration: value })),
    remove: (context, Bucket) => context.call('s3', 'DeletePublicAccessBlock', { Bucket }),
  },
  {
    property: 'OwnershipControls',
    operation: 'PutBucketOwnershipControls',
    put: (context, Bucket, value) =>
      context.call('s3', 'PutBucketOwnershipControls', request({ Bucket, OwnershipControls: value })),
    remove: (context, Bucket) => context.call('s3', 'DeleteBucketOwnershipControls', { Bucket }),
  },
  {
    property: 'WebsiteConfiguration',
    operation: 'PutBucketWebsite',
    put: (context, Bucket, value) =>
      context.call('s3', 'PutBucketWebsite', request({ Bucket, WebsiteConfiguration: website(value) })),
    remove: (context, Bucket) => context.call('s3', 'DeleteBucketWebsite', { Bucket }),
  },
  {
    property: 'AccelerateConfiguration',
    operation: 'PutBucketAccelerateConfiguration',
    put: (context, Bucket, value) =>
      context.call(
        's3',
        'PutBucketAccelerateConfiguration',
        request({ Bucket, AccelerateConfiguration: { Status: memberOf(value, 'AccelerationStatus') } }),
      ),
    remove: (context, Bucket) =>
      context.call('s3', 'PutBucketAccelerateConfiguration', {
        Bucket,
        AccelerateConfiguration: { Status: 'Suspended' },
      }),
  },
  {
    property: 'LoggingConfiguration',
    operation: 'PutBucketLogging',
    put: (context, Bucket, value) => {
      const target = {
        TargetBucket: textAt(value, 'DestinationBucketName') ?? Bucket,
        TargetPrefix: textAt(value, 'LogFilePrefix') ?? '',
      }
      return context.call('s3', 'PutBucketLogging', {
        Bucket,
        BucketLoggingStatus: { LoggingEnabled: target },
      })
    },
    remove: (context, Bucket) => context.call('s3', 'PutBucketLogging', { Bucket, BucketLoggingStatus: {} }),
  },
  {
    property: 'ObjectLockConfiguration',
    operation: 'PutObjectLockConfiguration',
    put: (context, Bucket, value) =>
      context.call('s3', 'PutObjectLockConfiguration', request({ Bucket, ObjectLockConfiguration: value })),
    remove: () => Promise.resolve(undefined),
  },
  {
    property: 'NotificationConfiguration',
    operation: 'PutBucketNotificationConfiguration',
    put: (context, Bucket, value) =>
      context.call(
        's3',
        'PutBucketNotificationConfiguration',
        request({ Bucket, NotificationConfiguration: notifications(value) }),
      ),
    remove: (context, Bucket) =>
      context.call('s3', 'PutBucketNotificationConfiguration', { Bucket, NotificationConfiguration: {} }),
  },
]

const nameOf = (context: ResourceContext, properties: Dict): string =>
  textAt(properties, 'BucketName') ?? context.name(63, true)

function check(context: ResourceContext, properties: Dict): void {
  refuse(TYPE, properties, REFUSED)
  refuse(
    TYPE,
    properties,
    lacking(context, properties).flatMap(({ property, without }) =>
      without === undefined ? [property] : [],
    ),
  )
}

/** Settings that are asked for and that S3 does not have yet. */
const lacking = (context: ResourceContext, properties: Dict): Setting[] =>
  SETTINGS.filter(
    ({ property, operation }) =>
      memberOf(properties, property) !== undefined && !context.has('s3', operation),
  )

async function apply(
  context: ResourceContext,
  bucket: string,
  properties: Dict,
  before: Dict,
): Promise<void> {
  for (const setting of SETTINGS) {
    const [old, fresh] = [memberOf(before, setting.property), memberOf(properties, setting.property)]
    if (sameValue(old, fresh) || !context.has('s3', setting.operation)) continue
    if (fresh === undefined) await setting.remove(context, bucket)
    else await setting.put(context, bucket, fresh)
  }
  const tags = tagList(properties)
  if (tags !== undefined) {
    await context.call('s3', 'PutBucketTagging', { Bucket: bucket, Tagging: { TagSet: tags } })
  } else if (tagList(before) !== undefined) {
    await context.call('s3', 'DeleteBucketTagging', { Bucket: bucket })
  }
}

function made(context: ResourceContext, bucket: string, properties: Dict): Made {
  const { stack } = context
  const notices = lacking(context, properties).flatMap(({ without }) => without ?? [])
  const suffix = stack.partition === 'aws-cn' ? 'amazonaws.com.cn' : 'amazonaws.com'
  return {
    physicalId: bucket,
    attributes: {
      Arn: `arn:${stack.partition}:s3:::${bucket}`,
      DomainName: `${bucket}.s3.${suffix}`,
      RegionalDomainName: `${bucket}.s3.${stack.region}.${suffix}`,
      DualStackDomainName: `${bucket}.s3.dualstack.${stack.region}.${suffix}`,
      WebsiteURL: `http://${bucket}.s3-website${DASHED.has(stack.region) ? '-' : '.'}${stack.region}.${suffix}`,
    },
    ...(notices.length === 0 ? {} : { notice: notices.join(' ') }),
  }
}

export const s3Bucket: ResourceHandler = {
  async create(context, properties) {
    check(context, properties)
    const bucket = nameOf(context, properties)
    const { region } = context.stack
    await context.call(
      's3',
      'CreateBucket',
      request({
        Bucket: bucket,
        ACL: canned(textAt(properties, 'AccessControl')),
        CreateBucketConfiguration: region === 'us-east-1' ? undefined : { LocationConstraint: region },
        ObjectLockEnabledForBucket: memberOf(properties, 'ObjectLockEnabled'),
      }),
    )
    await apply(context, bucket, properties, {})
    return made(context, bucket, properties)
  },
  async update(context, bucket, properties, before) {
    check(context, properties)
    await apply(context, bucket, properties, before)
    return made(context, bucket, properties)
  },
  async delete(context, bucket) {
    await unlessGone(() => context.call('s3', 'DeleteBucket', { Bucket: bucket }))
  },
  existing: nameOf,
}

/** `PublicRead` is `public-read` in the API. */
const canned = (control: string | undefined): string | undefined =>
  control?.replace(/([a-z])([A-Z])/g, '$1-$2').toLowerCase()

/** AWS::S3::BucketPolicy. Its Ref is the bucket's name. */
export const s3BucketPolicy: ResourceHandler = {
  async create(context, properties) {
    const bucket = text(properties, 'Bucket')
    await context.call('s3', 'PutBucketPolicy', {
      Bucket: bucket,
      Policy:
        documentText(dictAt(properties, 'PolicyDocument') ?? memberOf(properties, 'PolicyDocument')) ?? '',
    })
    return { physicalId: bucket, attributes: {} }
  },
  update: (context, _, properties) => s3BucketPolicy.create(context, properties),
  async delete(context, bucket) {
    await unlessGone(() => context.call('s3', 'DeleteBucketPolicy', { Bucket: bucket }))
  },
}
