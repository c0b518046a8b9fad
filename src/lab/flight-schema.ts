/**
 * The JSON Schema of `flight.yaml`, for editors to complete and check it; `docs/flight.schema.json` is its printed
 * copy (a test holds them together). `read-flight.ts` takes its lists of known keys from here, so that neither knows
 * a key that the other does not.
 */
import { type JsonObject, stringAt } from '#base/json.ts'

export const METRICS = [
  'p50',
  'p90',
  'p95',
  'p99',
  'p99.9',
  'max',
  'mean',
  'errors',
  'throttles',
  'cold_starts',
  'usd_per_million',
  'completion_p50',
  'completion_p95',
  'completion_p99',
  'completion_max',
  'unfinished',
  'backlog_max',
] as const

const duration = (description: string): JsonObject => ({
  description: `${description} Such as 500ms, 10s, 2m, or a number of seconds.`,
  anyOf: [
    { type: 'string', pattern: '^\\d+(\\.\\d+)?\\s*(ms|s|m|h)$' },
    { type: 'number', minimum: 0 },
  ],
})
const rate = (description: string): JsonObject => ({ description, type: 'number', minimum: 0 })
const words = (description: string): JsonObject => ({ description, type: 'string', minLength: 1 })
const strings: JsonObject = {
  type: 'object',
  additionalProperties: { type: ['string', 'number', 'boolean'] },
}

function record(
  properties: JsonObject,
  required: readonly string[],
  description: string,
): JsonObject & { readonly properties: JsonObject } {
  return { type: 'object', description, properties, required, additionalProperties: false }
}

/** Members of each kind of phase. */
export const PHASES = {
  constant: record(
    { rate: rate('Requests per second, evenly spaced.'), duration: duration('How long.') },
    ['rate', 'duration'],
    'Evenly spaced requests.',
  ),
  poisson: record(
    { rate: rate('Mean requests per second.'), duration: duration('How long.') },
    ['rate', 'duration'],
    'Independent arrivals at one mean rate, as from many users.',
  ),
  ramp: record(
    {
      from: rate('Requests per second at the start.'),
      to: rate('Requests per second at the end.'),
      duration: duration('How long.'),
    },
    ['from', 'to', 'duration'],
    'Independent arrivals whose mean rate moves linearly.',
  ),
  burst: record(
    {
      requests: { description: 'Requests sent at one moment.', type: 'integer', minimum: 1 },
      bursts: { description: 'How many bursts; 1 without it.', type: 'integer', minimum: 1 },
      every: duration('From one burst to the next; 1 s without it.'),
    },
    ['requests'],
    'Many requests at once.',
  ),
  recorded: record(
    {
      offsets_ms: {
        description: 'When each request is due, in ms from the start of the phase.',
        type: 'array',
        items: { type: 'number', minimum: 0 },
      },
      file: words('A JSON file with such an array, beside this file.'),
    },
    [],
    'A schedule that was recorded: offsets_ms or file.',
  ),
} as const

/** What a target is told by: each has exactly one of these. */
export const TARGET_KINDS = ['route', 'url', 'function', 'queue', 'topic', 'bus', 'bucket'] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

/** Members of each target. */
export const TARGET = {
  name: words('Its name in the report; what it is sent to without it.'),
  route: { description: 'Method and path of an API of the template.', type: 'string', pattern: '^[A-Z]+ /' },
  path: {
    description: 'The path that is sent, where the route has parameters.',
    type: 'string',
    pattern: '^/',
  },
  api: words('Logical id of the API, where the template has several, or of a function URL.'),
  url: { description: 'An address, where there is no template.', type: 'string', pattern: '^https?://' },
  method: { description: 'For url; GET without it.', type: 'string', pattern: '^[A-Z]+$' },
  function: words('Logical id or name of a function to invoke directly.'),
  payload: { description: 'The event, for function.' },
  async: {
    description:
      'For function: true hands the event over (InvocationType Event) and does not wait for its end.',
    type: 'boolean',
  },
  queue: words('Logical id, name or URL of an SQS queue that gets a message.'),
  topic: words('Logical id, name or ARN of an SNS topic that a message is published to.'),
  bus: words('An EventBridge bus by its logical id or name, or default.'),
  bucket: words('Logical id or name of an S3 bucket that an object is put into.'),
  body: {
    description: 'Text as it is, anything else as JSON; of a queue the message, of a bucket the object.',
  },
  message: { description: 'For topic: text as it is, anything else as JSON.' },
  subject: words('For topic.'),
  attributes: {
    description: 'For queue and topic: message attributes, a text as String, a number as Number.',
    type: 'object',
    additionalProperties: { type: ['string', 'number'] },
  },
  groupId: words('For queue and topic: the message group.'),
  deduplicationId: words(
    'For queue and topic; without it each message of a FIFO queue or topic has one of its own.',
  ),
  delay: duration('For queue: how long the message is kept back.'),
  source: words('For bus: the source of the event; windtunnel.flight without it.'),
  detailType: words('For bus: the detail-type of the event; flight without it.'),
  detail: { description: 'For bus: the detail, a mapping.', type: 'object' },
  key: words('For bucket: the key of each object; flight/{n} without it.'),
  size: {
    description: 'For bucket: bytes of each object, in place of a body.',
    type: 'integer',
    minimum: 0,
    maximum: 16_777_216,
  },
  headers: { description: 'Request headers.', ...strings },
  weight: {
    description: 'Share of the requests in proportion to the other targets; 1 without it.',
    type: 'number',
    exclusiveMinimum: 0,
  },
  expect: {
    description: 'Statuses that are no error; below 400 without it.',
    type: 'array',
    items: { type: 'integer', minimum: 100, maximum: 599 },
  },
} as const

const budgetPattern = `^(.+ )?(${METRICS.map((metric) => metric.replace('.', '\\.')).join('|')})\\s*<=?\\s*\\d+(\\.\\d+)?\\s*(ms|s|%|requests|events|usd)?$`

/** Members of the flight itself. */
export const FLIGHT = {
  name: words('What the report calls it.'),
  template: words(
    'SAM or CloudFormation template, or a cdk.out folder, beside this file; without it, what is already deployed is flown.',
  ),
  design: words('What is compared with what, such as "512 MB"; shown in reports.'),
  parameters: { description: 'Parameters of the template.', ...strings },
  seed: { description: 'The same seed draws the same schedule; 1 without it.', type: 'integer', minimum: 0 },
  timeout: duration('How long one request may take; 30 s without it.'),
  warm_up: duration('Requests due earlier than this are sent but not counted; 0 without it.'),
  in_flight_max: {
    description: 'Requests under way at once, beyond which one counts as not sent; 2000 without it.',
    type: 'integer',
    minimum: 1,
  },
  drain: duration(
    'How long events may still take after the last answer, before they count as unfinished; 30 s without it.',
  ),
  load: {
    description: 'Phases, one after another. Requests leave on schedule, whatever the answers do.',
    type: 'array',
    minItems: 1,
    items: {
      oneOf: Object.entries(PHASES).map(([kind, phase]) =>
        record({ [kind]: phase }, [kind], stringAt(phase, 'description') ?? ''),
      ),
    },
  },
  targets: {
    description: 'What the requests go to.',
    type: 'array',
    minItems: 1,
    items: {
      ...record(TARGET, [], `One of ${TARGET_KINDS.join(', ')}.`),
      oneOf: TARGET_KINDS.map((kind) => ({ required: [kind] })),
    },
  },
  budgets: {
    description:
      'What must hold, such as "p99 < 300 ms", "errors < 0.1 %", "GET /orders p95 < 80 ms", "usd_per_million < 2.5".',
    type: 'array',
    items: { type: 'string', pattern: budgetPattern },
  },
} as const

export const flightSchema: JsonObject = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  title: 'Windtunnel flight',
  ...record(FLIGHT, ['load', 'targets'], 'One measured run: an application, a load, targets and budgets.'),
}
