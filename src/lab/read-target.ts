/**
 * One target of a flight: which kind it is, what goes with it and what does not. How it becomes a request of AWS's
 * APIs is `event-request.ts` and `plan.ts`.
 */
import { isRecord } from '#base/json.ts'
import type { Fields, Path } from '#lab/fields.ts'
import type { FlightTarget } from '#lab/flight.ts'
import { TARGET, TARGET_KINDS, type TargetKind } from '#lab/flight-schema.ts'

/** Which members make sense with which kind; the rest would be stored and ignored. */
const ONLY_WITH: Readonly<Record<string, readonly TargetKind[]>> = {
  path: ['route'],
  api: ['route'],
  method: ['url'],
  payload: ['function'],
  async: ['function'],
  body: ['route', 'url', 'queue', 'bucket'],
  headers: ['route', 'url', 'bucket'],
  message: ['topic'],
  subject: ['topic'],
  attributes: ['queue', 'topic'],
  groupId: ['queue', 'topic'],
  deduplicationId: ['queue', 'topic'],
  delay: ['queue'],
  source: ['bus'],
  detailType: ['bus'],
  detail: ['bus'],
  key: ['bucket'],
  size: ['bucket'],
}

/** Where what is sent stands. */
const CONTENT: Readonly<Record<TargetKind, string>> = {
  route: 'body',
  url: 'body',
  function: 'payload',
  queue: 'body',
  topic: 'message',
  bus: 'detail',
  bucket: 'body',
}

/** What is sent without it: SQS and SNS take no empty message, Lambda and EventBridge want JSON. */
const STAND_IN: Readonly<Record<TargetKind, string>> = {
  route: '',
  url: '',
  function: '{}',
  queue: '{}',
  topic: '{}',
  bus: '{}',
  bucket: '',
}

const OBJECT_BYTES_MAX = TARGET.size.maximum
/** Source: SQS API, SendMessage (DelaySeconds 0 to 900, whole). */
const DELAY_MS_MAX = 900_000

type Read = Readonly<Record<string, unknown>>
type Common = Pick<FlightTarget, 'name' | 'weight' | 'headers' | 'body' | 'expect'>

export function readTarget(fields: Fields, value: unknown, path: Path): FlightTarget {
  const read = fields.record(value, path, Object.keys(TARGET))
  const kinds = TARGET_KINDS.filter((kind) => read[kind] !== undefined)
  const [kind = 'route'] = kinds
  const isOne = kinds.length === 1
  if (!isOne) fields.problem(path, `a target has one of ${TARGET_KINDS.join(', ')}`)
  for (const [name, allowed] of Object.entries(ONLY_WITH)) {
    if (read[name] !== undefined && isOne && !allowed.includes(kind))
      fields.problem(
        [...path, name],
        `${name} means nothing for a ${kind}: it goes with ${allowed.join(' and ')}`,
      )
  }
  const main = isOne ? fields.text(read[kind], [...path, kind], '') : ''
  const reading = { fields, read, path, main, common: commonOf({ fields, read, path, main, kind }) }
  switch (kind) {
    case 'function':
      return {
        ...reading.common,
        kind,
        functionName: main,
        event: fields.flag(read['async'], [...path, 'async'], false),
      }
    case 'url':
      return urlTarget(reading, isOne)
    case 'route':
      return routeTarget(reading, isOne)
    case 'queue':
    case 'topic':
      return messageTarget(reading, kind)
    case 'bus':
      return {
        ...reading.common,
        kind,
        bus: main,
        source: fields.text(read['source'], [...path, 'source'], 'windtunnel.flight'),
        detailType: fields.text(read['detailType'], [...path, 'detailType'], 'flight'),
      }
    case 'bucket':
      return {
        ...reading.common,
        kind,
        bucket: main,
        key: fields.text(read['key'], [...path, 'key'], 'flight/{n}'),
      }
    default:
      return kind satisfies never
  }
}

interface Place {
  readonly fields: Fields
  readonly read: Read
  readonly path: Path
  /** The value that tells the kind. */
  readonly main: string
}

interface Reading extends Place {
  readonly common: Common
}

function commonOf({ fields, read, path, main, kind }: Place & { readonly kind: TargetKind }): Common {
  const content = read[CONTENT[kind]]
  // A function's event is JSON whatever it is; everything else may be text of its own kind.
  const isText = typeof content === 'string' && kind !== 'function'
  const isJson = content !== undefined && !isText
  const headers = fields.texts(read['headers'], [...path, 'headers'])
  const isTyped = Object.keys(headers).some((name) => name.toLowerCase() === 'content-type')
  const isOwnRequest = kind === 'route' || kind === 'url' || kind === 'function' || kind === 'bucket'
  if (kind === 'bus' && content !== undefined && !isRecord(content))
    fields.problem([...path, 'detail'], 'detail must be a mapping')
  return {
    name: fields.text(read['name'], [...path, 'name'], main),
    weight: fields.number(read['weight'], [...path, 'weight'], { fallback: 1, least: 0 }),
    headers:
      isJson && isOwnRequest && !isTyped ? { ...headers, 'content-type': 'application/json' } : headers,
    body:
      kind === 'bucket' && read['size'] !== undefined
        ? filler({ fields, read, path })
        : bodyOf(kind, content),
    expect: (read['expect'] === undefined ? [] : fields.list(read['expect'], [...path, 'expect'])).map(
      (status, i) => fields.number(status, [...path, 'expect', i], { least: 100, whole: true }),
    ),
  }
}

function bodyOf(kind: TargetKind, content: unknown): string {
  if (content === undefined || content === '') return STAND_IN[kind]
  return typeof content === 'string' && kind !== 'function' ? content : JSON.stringify(content)
}

function filler({ fields, read, path }: Omit<Place, 'main'>): string {
  const at = [...path, 'size']
  if (read['body'] !== undefined) fields.problem(at, 'a bucket has either body or size')
  const bytes = fields.number(read['size'], at, { least: 0, whole: true })
  if (bytes <= OBJECT_BYTES_MAX) return 'x'.repeat(bytes)
  fields.problem(at, `size must be at most ${OBJECT_BYTES_MAX} bytes`)
  return ''
}

function urlTarget({ fields, read, path, main, common }: Reading, isOne: boolean): FlightTarget {
  if (isOne && !/^https?:\/\/[^/]+/.test(main))
    fields.problem([...path, 'url'], 'url must begin with http:// or https:// and a host')
  const method = fields.text(read['method'], [...path, 'method'], 'GET').toUpperCase()
  return { ...common, kind: 'url', method, url: main }
}

function routeTarget({ fields, read, path, main, common }: Reading, isOne: boolean): FlightTarget {
  const [, method = 'GET', routePath = '/'] = /^([A-Za-z]+) (\/\S*)$/.exec(main) ?? []
  if (isOne && !/^[A-Za-z]+ \/\S*$/.test(main))
    fields.problem([...path, 'route'], 'route is a method and a path, such as "GET /orders"')
  const sent = fields.text(read['path'], [...path, 'path'], routePath)
  if (/[{}]/.test(sent.replace(/\{n(?:%\d+)?\}/g, '')) || (read['path'] === undefined && /[{}]/.test(sent)))
    fields.problem(
      [...path, 'route'],
      `"${sent}" has a parameter: say with path what is sent, such as "path: ${sent.replace(/\{[^}]*\}/g, '42')}"`,
    )
  const api = fields.optionalText(read['api'], [...path, 'api'])
  return { ...common, kind: 'route', method: method.toUpperCase(), path: sent, api }
}

function messageTarget({ fields, read, path, main, common }: Reading, kind: 'queue' | 'topic'): FlightTarget {
  const message = {
    ...common,
    groupId: fields.optionalText(read['groupId'], [...path, 'groupId']),
    deduplicationId: fields.optionalText(read['deduplicationId'], [...path, 'deduplicationId']),
    attributes: attributesOf({ fields, read, path }),
  }
  if (kind === 'topic')
    return {
      ...message,
      kind,
      topic: main,
      subject: fields.optionalText(read['subject'], [...path, 'subject']),
    }
  const delayMs = fields.durationMs(read['delay'], [...path, 'delay'], 0)
  if (delayMs > DELAY_MS_MAX || delayMs % 1_000 !== 0)
    fields.problem([...path, 'delay'], 'delay is whole seconds, at most 15m')
  return { ...message, kind, queue: main, delayMs }
}

function attributesOf({ fields, read, path }: Omit<Place, 'main'>): Record<string, string | number> {
  const { attributes } = read
  const at = [...path, 'attributes']
  const known: Record<string, string | number> = {}
  if (attributes === undefined) return known
  if (!isRecord(attributes)) {
    fields.problem(at, 'attributes must be a mapping of texts and numbers')
    return known
  }
  for (const [name, one] of Object.entries(attributes)) {
    if (typeof one === 'number' || (typeof one === 'string' && one !== '')) known[name] = one
    else fields.problem([...at, name], `attribute ${name} must be a text or a number`)
  }
  return known
}
