/**
 * First-class integrations: a route that calls an AWS service itself, so that an API can acknowledge without a
 * function. Which parameters each takes, how they become the service's request, and what the client gets. Not here:
 * where the values come from (`engines/proxy-events/parameter-mapping.ts`).
 * Source: API Gateway developer guide, Integration subtype reference. What AWS answers is inferred where said so.
 */
import { Fault } from '#base/fault.ts'
import { isRecord, parseJson } from '#base/json.ts'
import { type Instant, parseIso } from '#base/time.ts'
import { type Mapping, type MappingSource, compileMapping } from '#engines/proxy-events/parameter-mapping.ts'
import type { ReceiveMessageResult, SendMessageRequest, SendMessageResult } from '#model/sqs.ts'
import type { Api, ApiIdentity } from '#ports/api.ts'
import { badRequest, notYet } from '#services/apigatewayv2/faults.ts'

export type Values = Readonly<Record<string, string>>

interface Subtype {
  readonly required: readonly string[]
  readonly optional: readonly string[]
  /** The service's answer as the client gets it: the media type and the body. */
  run(api: Api, values: Values, as: ApiIdentity): Promise<ServiceAnswer>
}

export interface ServiceAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
}

const SQS_NAMESPACE = 'http://queue.amazonaws.com/doc/2012-11-05/'

const SUBTYPES: Readonly<Record<string, Subtype>> = {
  'EventBridge-PutEvents': {
    required: ['Detail', 'DetailType', 'Source'],
    optional: ['Time', 'EventBusName', 'Resources', 'Region', 'TraceHeader'],
    run: async (api, values, as) => {
      const output = await api.call('events', 'PutEvents', { Entries: [entryOf(values)] }, as)
      return { status: 200, contentType: 'application/x-amz-json-1.1', body: JSON.stringify(output) }
    },
  },
  'SQS-SendMessage': {
    required: ['QueueUrl', 'MessageBody'],
    optional: [
      'DelaySeconds',
      'MessageAttributes',
      'MessageDeduplicationId',
      'MessageGroupId',
      'MessageSystemAttributes',
      'Region',
    ],
    run: async (api, values, as) =>
      queryAnswer('SendMessage', sent(await api.call('sqs', 'SendMessage', messageOf(values), as))),
  },
  'SQS-ReceiveMessage': {
    required: ['QueueUrl'],
    optional: [
      'AttributeNames',
      'MaxNumberOfMessages',
      'MessageAttributeNames',
      'ReceiveRequestAttemptId',
      'VisibilityTimeout',
      'WaitTimeSeconds',
      'Region',
    ],
    run: async (api, values, as) => {
      const output = await api.call(
        'sqs',
        'ReceiveMessage',
        {
          QueueUrl: values['QueueUrl'] ?? '',
          AttributeNames: listOf(values, 'AttributeNames'),
          MessageAttributeNames: listOf(values, 'MessageAttributeNames'),
          MaxNumberOfMessages: numberOf(values, 'MaxNumberOfMessages'),
          VisibilityTimeout: numberOf(values, 'VisibilityTimeout'),
          WaitTimeSeconds: numberOf(values, 'WaitTimeSeconds'),
          ReceiveRequestAttemptId: values['ReceiveRequestAttemptId'],
        },
        as,
      )
      return queryAnswer('ReceiveMessage', received(output))
    },
  },
  'SQS-DeleteMessage': {
    required: ['QueueUrl', 'ReceiptHandle'],
    optional: ['Region'],
    run: async (api, values, as) => {
      const { QueueUrl = '', ReceiptHandle = '' } = values
      await api.call('sqs', 'DeleteMessage', { QueueUrl, ReceiptHandle }, as)
      return queryAnswer('DeleteMessage', '')
    },
  },
  'SQS-PurgeQueue': {
    required: ['QueueUrl'],
    optional: ['Region'],
    run: async (api, values, as) => {
      await api.call('sqs', 'PurgeQueue', { QueueUrl: values['QueueUrl'] ?? '' }, as)
      return queryAnswer('PurgeQueue', '')
    },
  },
}

/** AWS has them, we do not. */
const NOT_YET = [
  'AppConfig-GetConfiguration',
  'Kinesis-PutRecord',
  'StepFunctions-StartExecution',
  'StepFunctions-StartSyncExecution',
  'StepFunctions-StopExecution',
]

/** One compiled integration. */
export interface ServiceTarget {
  readonly kind: 'service'
  readonly name: string
  readonly subtype: Subtype
  readonly parameters: ReadonlyMap<string, { readonly source: string; readonly mapping: Mapping }>
  readonly timeoutMs: number
}

/** Faults BadRequestException for what AWS refuses; the texts beside the first are inferred. */
export function checkServiceIntegration(subtype: string, parameters: Values): void {
  if (NOT_YET.includes(subtype)) throw notYet(`The integration subtype ${subtype}`)
  const known = Object.hasOwn(SUBTYPES, subtype) ? SUBTYPES[subtype] : undefined
  if (known === undefined) throw badRequest(`Invalid integration subtype specified: ${subtype}`)
  const errors = [
    ...known.required
      .filter((name) => !Object.hasOwn(parameters, name))
      .map((name) => `Missing required parameter: ${name}`),
    ...Object.entries(parameters).flatMap(([name, source]) => {
      if (![...known.required, ...known.optional].includes(name)) return [`Invalid destination: ${name}`]
      return compileMapping(source) === undefined
        ? [`Invalid source: ${source} specified for destination: ${name}`]
        : []
    }),
  ]
  if (errors.length === 0) return
  throw badRequest(
    `Invalid selection expression specified: Validation Result: warnings : [], errors : [${errors.join(', ')}]`,
  )
}

export function compileService(
  name: string,
  parameters: Values,
  timeoutMs: number,
): ServiceTarget | undefined {
  const subtype = Object.hasOwn(SUBTYPES, name) ? SUBTYPES[name] : undefined
  if (subtype === undefined) return undefined
  const compiled = new Map<string, { source: string; mapping: Mapping }>()
  for (const [parameter, source] of Object.entries(parameters)) {
    const mapping = compileMapping(source)
    if (mapping !== undefined) compiled.set(parameter, { source, mapping })
  }
  return { kind: 'service', name, subtype, parameters: compiled, timeoutMs }
}

export type Resolved =
  | { readonly kind: 'values'; readonly values: Values }
  /** The request lacks what the integration must have; AWS's refusal. */
  | { readonly kind: 'missing'; readonly message: string }

/** The parameters' values for one request. */
export function resolved(target: ServiceTarget, from: MappingSource): Resolved {
  const values: Record<string, string> = {}
  for (const [name, { source, mapping }] of target.parameters) {
    const value = mapping(from)
    if (value !== undefined) values[name] = value
    else if (target.subtype.required.includes(name))
      return { kind: 'missing', message: `Unable to resolve property ${name} from source ${source}` }
  }
  return { kind: 'values', values }
}

/** What a service refused, in its own protocol. That the gateway hands it on as it is, is inferred. */
export function refused(target: ServiceTarget, fault: Fault): ServiceAnswer {
  const status = fault.status ?? 400
  if (!target.name.startsWith('SQS-')) {
    const body = JSON.stringify({ __type: fault.code, message: fault.message })
    return { status, contentType: 'application/x-amz-json-1.1', body }
  }
  const type = fault.side === 'server' ? 'Receiver' : 'Sender'
  const inside = element('Type', type) + element('Code', fault.code) + element('Message', fault.message)
  return {
    status,
    contentType: 'text/xml',
    body: `<?xml version="1.0"?><ErrorResponse xmlns="${SQS_NAMESPACE}"><Error>${inside}</Error></ErrorResponse>`,
  }
}

function entryOf(values: Values): {
  Detail: string
  DetailType: string
  Source: string
  EventBusName: string | undefined
  Time: Instant | undefined
  Resources: string[] | undefined
  TraceHeader: string | undefined
} {
  const { Detail = '', DetailType = '', Source = '', EventBusName, Time, TraceHeader } = values
  const at = Time === undefined ? undefined : parseIso(Time)
  if (Time !== undefined && at === undefined)
    throw new Fault('ValidationException', `Time is no time: ${Time}`)
  return {
    Detail,
    DetailType,
    Source,
    EventBusName,
    Time: at,
    Resources: listOf(values, 'Resources'),
    TraceHeader,
  }
}

function messageOf(values: Values): SendMessageRequest {
  const { QueueUrl = '', MessageBody = '', MessageDeduplicationId, MessageGroupId } = values
  return {
    QueueUrl,
    MessageBody,
    DelaySeconds: numberOf(values, 'DelaySeconds'),
    MessageAttributes: attributesOf(values, 'MessageAttributes'),
    MessageSystemAttributes: attributesOf(values, 'MessageSystemAttributes'),
    MessageDeduplicationId,
    MessageGroupId,
  }
}

function numberOf(values: Values, name: string): number | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  if (!/^-?\d+$/.test(text))
    throw new Fault('InvalidParameterValue', `Value ${text} for parameter ${name} is invalid.`)
  return Number(text)
}

/** A JSON list, or one value. */
function listOf(values: Values, name: string): string[] | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const list = parseJson(text)
  return Array.isArray(list)
    ? list.map((item) => (typeof item === 'string' ? item : JSON.stringify(item)))
    : [text]
}

/** A JSON object of attributes in the API's own form. */
function attributesOf(
  values: Values,
  name: string,
): Record<string, { DataType: string; StringValue: string }> | undefined {
  const text = values[name]
  if (text === undefined) return undefined
  const given = parseJson(text)
  if (!isRecord(given)) throw new Fault('InvalidParameterValue', `${name} is no JSON object.`)
  const entries = Object.entries(given).map(([key, attribute]) => {
    const { DataType, StringValue } = isRecord(attribute) ? attribute : {}
    if (typeof DataType !== 'string' || typeof StringValue !== 'string')
      throw new Fault(
        'InvalidParameterValue',
        `The attribute ${key} of ${name} needs DataType and StringValue.`,
      )
    return [key, { DataType, StringValue }] as const
  })
  return Object.fromEntries(entries)
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('\r', '&#xD;')
const element = (name: string, content: string | undefined): string =>
  content === undefined ? '' : `<${name}>${escaped(content)}</${name}>`

/** SQS answers its query protocol's XML, as clients of this integration see (inferred from AWS's query API). */
function queryAnswer(operation: string, inside: string): ServiceAnswer {
  const result = inside === '' ? '' : `<${operation}Result>${inside}</${operation}Result>`
  const body = `<?xml version="1.0"?><${operation}Response xmlns="${SQS_NAMESPACE}">${result}</${operation}Response>`
  return { status: 200, contentType: 'text/xml', body }
}

const sent = (output: SendMessageResult): string =>
  element('MessageId', output.MessageId) +
  element('MD5OfMessageBody', output.MD5OfMessageBody) +
  element('MD5OfMessageAttributes', output.MD5OfMessageAttributes) +
  element('SequenceNumber', output.SequenceNumber)

function received(output: ReceiveMessageResult): string {
  return (output.Messages ?? [])
    .map((message) => {
      const attributes = Object.entries(message.Attributes ?? {}).map(
        ([name, value]) => `<Attribute>${element('Name', name)}${element('Value', value)}</Attribute>`,
      )
      const own = element('MessageId', message.MessageId) + element('ReceiptHandle', message.ReceiptHandle)
      const body = element('MD5OfBody', message.MD5OfBody) + element('Body', message.Body)
      return `<Message>${own}${body}${attributes.join('')}</Message>`
    })
    .join('')
}
