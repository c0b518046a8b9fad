/**
 * What a request must be allowed to do: for each operation its action, or several, and the resource each is about, read from
 * the input. Pure data and a few readers. An operation that is not named has the action of its own name and the first ARN
 * of its service among its input, else a star.
 * Source: Service authorization reference, the page of each service.
 */
import { parseArn, printArn } from '#base/arn.ts'
import { isRecord, stringAt, valueAt } from '#base/json.ts'
import { S3_ACTIONS, s3Resources } from '#engines/iam-policy/actions-s3.ts'

export interface Asked {
  /** Name of the service on this platform, such as `stepfunctions`. */
  readonly service: string
  readonly operation: string
  readonly input: unknown
  readonly account: string
  readonly region: string
  /** As they came: API Gateway's actions are the methods. */
  readonly method: string
  readonly path: string
}

export interface Needed {
  readonly action: string
  readonly resource: string
  /** Keys of the context that only this action has. */
  readonly keys?: Readonly<Record<string, readonly string[]>> | undefined
}

type Resource = (asked: Asked) => string | readonly string[] | undefined

/** How policies call services whose name here is another. */
const PREFIXES: Readonly<Record<string, string>> = {
  stepfunctions: 'states',
  apigatewayv2: 'apigateway',
  dynamodbstreams: 'dynamodb',
}

export const prefixOf = (service: string): string => PREFIXES[service] ?? service

const text = (asked: Asked, name: string): string | undefined => stringAt(asked.input, name)

const arn = (asked: Asked, service: string, resource: string): string =>
  printArn({ service, region: asked.region, account: asked.account, resource })

/** The member itself when it is an ARN, else the ARN it is a name in. */
const named =
  (service: string, member: string, make: (name: string) => string): Resource =>
  (asked) => {
    const value = text(asked, member)
    if (value === undefined) return undefined
    return parseArn(value) === undefined ? arn(asked, service, make(value)) : value
  }

const global = (service: string, asked: Asked, resource: string): string =>
  printArn({ service, region: '', account: asked.account, resource })

const first =
  (...all: readonly Resource[]): Resource =>
  (asked) => {
    for (const one of all) {
      const found = one(asked)
      if (found !== undefined) return found
    }
    return undefined
  }

/** `name`, `name:alias`, `account:function:name`, an ARN; an alias or version is left out of the action's resource. */
const functionArn: Resource = (asked) => {
  const given = text(asked, 'FunctionName')
  if (given === undefined) return undefined
  const name = /(?:^|function:)([\w-]+)(?::[^:]+)?$/.exec(given)?.[1] ?? given
  const qualifier = text(asked, 'Qualifier') ?? /(?:^|function:)[\w-]+:([^:]+)$/.exec(given)?.[1]
  const owner = parseArn(given)
  const account = owner?.account ?? asked.account
  const region = owner?.region ?? asked.region
  const resource = `function:${name}${qualifier === undefined ? '' : `:${qualifier}`}`
  return printArn({ service: 'lambda', region, account, resource })
}

const lambdaResource: Resource = first(
  named('lambda', 'UUID', (id) => `event-source-mapping:${id}`),
  functionArn,
  (asked) => {
    const layer = text(asked, 'LayerName')
    if (layer === undefined) return undefined
    const version = valueAt(asked.input, 'VersionNumber')
    const resource = `layer:${layer}${typeof version === 'number' ? `:${version}` : ''}`
    return parseArn(layer) === undefined ? arn(asked, 'lambda', resource) : layer
  },
  (asked) => text(asked, 'Resource') ?? text(asked, 'Arn'),
)

/** `http://host/account/name`, or any address that ends so. */
const queueArn: Resource = (asked) => {
  const url = text(asked, 'QueueUrl')
  if (url === undefined) return named('sqs', 'QueueName', (name) => name)(asked) ?? text(asked, 'SourceArn')
  const [, account = asked.account, name = url] = /(?:^|\/)(\d{12})\/([^/]+)\/?$/.exec(url) ?? []
  return printArn({ service: 'sqs', region: asked.region, account, resource: name })
}

const ruleArn: Resource = (asked) => {
  const name = text(asked, 'Rule') ?? text(asked, 'Name')
  if (name === undefined) return undefined
  const bus = text(asked, 'EventBusName')?.split('/').at(-1) ?? 'default'
  return arn(asked, 'events', `rule/${bus === 'default' ? '' : `${bus}/`}${name}`)
}

const busArn = (asked: Asked, name: string | undefined): string =>
  name !== undefined && parseArn(name) !== undefined
    ? name
    : arn(asked, 'events', `event-bus/${name ?? 'default'}`)

const busesOfEntries: Resource = (asked) => {
  const entries = valueAt(asked.input, 'Entries')
  const listed: readonly unknown[] = Array.isArray(entries) ? entries : []
  return [...new Set(listed.map((one) => busArn(asked, stringAt(one, 'EventBusName'))))]
}

const logGroup: Resource = (asked) => {
  const given = text(asked, 'logGroupName') ?? text(asked, 'logGroupIdentifier')
  if (given === undefined) return undefined
  const group =
    parseArn(given)
      ?.resource.replace(/^log-group:/, '')
      .replace(/:\*$/, '') ?? given
  return arn(asked, 'logs', `log-group:${group}:log-stream:${text(asked, 'logStreamName') ?? ''}`)
}

const stackArn: Resource = (asked) => {
  const name = text(asked, 'StackName')
  if (name === undefined) return undefined
  return parseArn(name) === undefined ? arn(asked, 'cloudformation', `stack/${name}/*`) : name
}

const entity =
  (member: string, kind: string): Resource =>
  (asked) => {
    const name = text(asked, member)
    if (name === undefined) return undefined
    return parseArn(name) === undefined
      ? global('iam', asked, `${kind}${text(asked, 'Path') ?? '/'}${name}`)
      : name
  }

const iamResource: Resource = first(
  entity('UserName', 'user'),
  entity('RoleName', 'role'),
  entity('GroupName', 'group'),
  entity('InstanceProfileName', 'instance-profile'),
  (asked) => text(asked, 'PolicyArn') ?? text(asked, 'PolicySourceArn'),
  entity('PolicyName', 'policy'),
  (asked) => text(asked, 'OpenIDConnectProviderArn') ?? text(asked, 'SAMLProviderArn'),
)

const parameter = (asked: Asked, name: string): string =>
  parseArn(name) === undefined ? arn(asked, 'ssm', `parameter/${name.replace(/^\//, '')}`) : name

const parameters: Resource = (asked) => {
  const names = valueAt(asked.input, 'Names')
  if (Array.isArray(names)) return names.map((name) => parameter(asked, String(name)))
  const name = text(asked, 'Name') ?? text(asked, 'Path')
  return name === undefined ? undefined : parameter(asked, name)
}

const RESOURCES: Readonly<Record<string, Resource>> = {
  cloudformation: stackArn,
  dynamodb: named('dynamodb', 'TableName', (name) => `table/${name}`),
  ecr: named('ecr', 'repositoryName', (name) => `repository/${name}`),
  events: first(
    named('events', 'ArchiveName', (name) => `archive/${name}`),
    named('events', 'ReplayName', (name) => `replay/${name}`),
    ruleArn,
  ),
  iam: iamResource,
  lambda: lambdaResource,
  logs: logGroup,
  pipes: named('pipes', 'Name', (name) => `pipe/${name}`),
  scheduler: named('scheduler', 'Name', (name) => `schedule/default/${name}`),
  sns: first(
    (asked) => text(asked, 'TopicArn') ?? text(asked, 'TargetArn') ?? text(asked, 'ResourceArn'),
    named('sns', 'Name', (name) => name),
    (asked) => text(asked, 'SubscriptionArn'),
  ),
  sqs: queueArn,
  ssm: parameters,
  stepfunctions: first(
    (asked) => text(asked, 'stateMachineArn') ?? text(asked, 'executionArn') ?? text(asked, 'activityArn'),
    named('states', 'name', (name) => `stateMachine:${name}`),
  ),
  sts: first(
    (asked) => text(asked, 'RoleArn'),
    (asked) => {
      const name = text(asked, 'Name')
      return name === undefined ? undefined : global('sts', asked, `federated-user/${name}`)
    },
  ),
}

/** Operations whose resource is another than their service's others, or none. */
const OWN: Readonly<Record<string, Resource>> = {
  'events:PutEvents': busesOfEntries,
  'events:CreateEventBus': (asked) => busArn(asked, text(asked, 'Name')),
  'events:DeleteEventBus': (asked) => busArn(asked, text(asked, 'Name')),
  'events:DescribeEventBus': (asked) => busArn(asked, text(asked, 'Name')),
  'events:UpdateEventBus': (asked) => busArn(asked, text(asked, 'Name')),
  'events:PutPermission': (asked) => busArn(asked, text(asked, 'EventBusName')),
  'events:RemovePermission': (asked) => busArn(asked, text(asked, 'EventBusName')),
  'lambda:CreateEventSourceMapping': () => '*',
  'lambda:ListEventSourceMappings': () => '*',
  'iam:ListPolicies': () => '*',
  'ssm:DescribeParameters': () => '*',
}

/** Operations whose action has another name. */
const ACTIONS: Readonly<Record<string, string>> = {
  'lambda:Invoke': 'lambda:InvokeFunction',
  'lambda:InvokeAsync': 'lambda:InvokeFunction',
  'lambda:InvokeWithResponseStream': 'lambda:InvokeFunction',
  'sqs:SendMessageBatch': 'sqs:SendMessage',
  'sqs:DeleteMessageBatch': 'sqs:DeleteMessage',
  'sqs:ChangeMessageVisibilityBatch': 'sqs:ChangeMessageVisibility',
  'sns:PublishBatch': 'sns:Publish',
}

/** Who may call these needs no permission. Source: STS API and IAM user guide, the operations' pages. */
const FREE: ReadonlySet<string> = new Set(['sts:GetCallerIdentity', 'sts:GetSessionToken'])

/** Members that hand a role to a service, and the service that gets it. Source: IAM user guide, Grant permissions to pass a role. */
const PASSED: Readonly<Record<string, readonly [member: string, service: string]>> = {
  'lambda:CreateFunction': ['Role', 'lambda.amazonaws.com'],
  'lambda:UpdateFunctionConfiguration': ['Role', 'lambda.amazonaws.com'],
  'cloudformation:CreateStack': ['RoleARN', 'cloudformation.amazonaws.com'],
  'cloudformation:UpdateStack': ['RoleARN', 'cloudformation.amazonaws.com'],
  'cloudformation:CreateChangeSet': ['RoleARN', 'cloudformation.amazonaws.com'],
  'events:PutRule': ['RoleArn', 'events.amazonaws.com'],
  'stepfunctions:CreateStateMachine': ['roleArn', 'states.amazonaws.com'],
  'pipes:CreatePipe': ['RoleArn', 'pipes.amazonaws.com'],
}

/** What else a session with tags or a source identity needs, and what trust policies ask. Source: IAM user guide, Session tags; IAM and STS condition keys. */
function stsNeeds(asked: Asked, needs: readonly Needed[]): readonly Needed[] {
  const keys: Record<string, readonly string[]> = {}
  for (const [member, key] of [
    ['ExternalId', 'sts:ExternalId'],
    ['RoleSessionName', 'sts:RoleSessionName'],
    ['SourceIdentity', 'sts:SourceIdentity'],
  ] as const) {
    const value = text(asked, member)
    if (value !== undefined) keys[key] = [value]
  }
  const more: string[] = []
  const tags = valueAt(asked.input, 'Tags')
  if (Array.isArray(tags) && tags.length > 0) more.push('sts:TagSession')
  if (keys['sts:SourceIdentity'] !== undefined) more.push('sts:SetSourceIdentity')
  const [role] = needs
  const further = role === undefined ? [] : more.map((action) => ({ action, resource: role.resource }))
  return [...needs, ...further].map((need) => ({ ...need, keys }))
}

/** Every action that the request needs, all of them to be allowed; none for what anybody may do. */
export function neededFor(asked: Asked): readonly Needed[] {
  const name = `${asked.service}:${asked.operation}`
  if (FREE.has(name)) return []
  if (asked.service === 's3') return s3Needs(asked)
  if (asked.service === 'apigateway' || asked.service === 'apigatewayv2') return [gatewayNeed(asked)]
  const action = ACTIONS[name] ?? `${prefixOf(asked.service)}:${asked.operation}`
  const found = (OWN[name] ?? RESOURCES[asked.service])?.(asked) ?? anyArn(asked) ?? '*'
  const needs: Needed[] = [found].flat().map((resource) => ({ action, resource }))
  if (asked.service === 'sts') return stsNeeds(asked, needs)
  const passed = PASSED[name]
  const role = passed === undefined ? undefined : text(asked, passed[0])
  if (passed === undefined || role === undefined) return needs
  return [...needs, { action: 'iam:PassRole', resource: role, keys: { 'iam:PassedToService': [passed[1]] } }]
}

/** The first ARN of the service among the input's members. */
function anyArn(asked: Asked): string | undefined {
  if (!isRecord(asked.input)) return undefined
  return Object.values(asked.input).find(
    (value): value is string =>
      typeof value === 'string' && parseArn(value)?.service === prefixOf(asked.service),
  )
}

/** Source: API Gateway developer guide, Control access for managing an API. */
const gatewayNeed = (asked: Asked): Needed => ({
  action: `apigateway:${asked.method}`,
  resource: printArn({ service: 'apigateway', region: asked.region, account: '', resource: asked.path }),
})

function s3Needs(asked: Asked): readonly Needed[] {
  const actions = [S3_ACTIONS[asked.operation] ?? asked.operation].flat()
  const version = stringAt(asked.input, 'VersionId') === undefined ? '' : 'Version'
  const resources = s3Resources(asked.input)
  const needs: Needed[] = actions.flatMap((action) =>
    resources.map((resource) => ({
      action: `s3:${/^(Get|Delete)Object$/.test(action) ? `${action}${version}` : action}`,
      resource,
      keys: prefixKeys(asked.input),
    })),
  )
  const source = stringAt(asked.input, 'CopySource')
  if (source === undefined) return needs
  const path = decodeURIComponent(source.replace(/^\//, '').replace(/\?versionId=.*$/, ''))
  return [...needs, { action: 's3:GetObject', resource: `arn:aws:s3:::${path}` }]
}

/** Source: S3 user guide, Condition key examples. */
function prefixKeys(input: unknown): Needed['keys'] {
  const keys: Record<string, readonly string[]> = {}
  for (const [member, key] of [
    ['Prefix', 's3:prefix'],
    ['Delimiter', 's3:delimiter'],
    ['MaxKeys', 's3:max-keys'],
    ['ACL', 's3:x-amz-acl'],
    ['VersionId', 's3:VersionId'],
  ] as const) {
    const value = valueAt(input, member)
    if (typeof value === 'string' || typeof value === 'number') keys[key] = [String(value)]
  }
  return keys
}
