/** Events as they travel: the envelope, what patterns are held against, and the text that targets receive. Pure. */
import { isRecord, type Json, type JsonObject, parseJson, stringAt, valueAt } from '#base/json.ts'
import { instant, isoSeconds, parseIso } from '#base/time.ts'

export interface Event {
  readonly id: string
  readonly source: string
  readonly detailType: string
  readonly account: string
  /** Epoch ms; shown in seconds. */
  readonly time: number
  readonly region: string
  readonly resources: readonly string[]
  /** JSON object, without blanks. */
  readonly detail: string
  readonly replayName?: string | undefined
}

/** The text of the whole event. Source: EventBridge user guide, Events: fields and their order; recorded AWS deliveries for replays. */
export function eventText(event: Event): string {
  const replay = event.replayName === undefined ? '' : `"replay-name":${JSON.stringify(event.replayName)},`
  return (
    `{"version":"0","id":"${event.id}","detail-type":${JSON.stringify(event.detailType)},` +
    `"source":${JSON.stringify(event.source)},"account":"${event.account}",` +
    `"time":"${isoSeconds(instant(event.time))}","region":"${event.region}",` +
    `${replay}"resources":${JSON.stringify(event.resources)},"detail":${event.detail}}`
  )
}

/** What patterns are held against. */
export function eventValue(event: Event, detail: JsonObject): JsonObject {
  const value: Record<string, Json> = {
    version: '0',
    id: event.id,
    'detail-type': event.detailType,
    source: event.source,
    account: event.account,
    time: isoSeconds(instant(event.time)),
    region: event.region,
    resources: event.resources,
    detail,
  }
  if (event.replayName !== undefined) value['replay-name'] = event.replayName
  return value
}

const QUOTE = 34
const BACKSLASH = 92
const isBlank = (code: number): boolean => code === 32 || code === 10 || code === 13 || code === 9

/** JSON text without blanks between its tokens; numbers stay as they were written. The text is valid JSON. */
export function minified(json: string): string {
  let out = ''
  let from = 0
  let isInText = false
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at)
    if (isInText) {
      if (code === BACKSLASH) at++
      else if (code === QUOTE) isInText = false
    } else if (code === QUOTE) isInText = true
    else if (isBlank(code)) {
      out += json.slice(from, at)
      from = at + 1
    }
  }
  return from === 0 ? json : out + json.slice(from)
}

/** The event that a text of `eventText` says, or undefined when it is no such text. */
export function eventOfText(text: string): Event | undefined {
  const value = parseJson(text)
  const time = parseIso(stringAt(value, 'time') ?? '')
  const detail = valueAt(value, 'detail')
  if (time === undefined || !isRecord(detail)) return undefined
  const resources = valueAt(value, 'resources')
  return {
    id: stringAt(value, 'id') ?? '',
    source: stringAt(value, 'source') ?? '',
    detailType: stringAt(value, 'detail-type') ?? '',
    account: stringAt(value, 'account') ?? '',
    time,
    region: stringAt(value, 'region') ?? '',
    resources: Array.isArray(resources) ? resources.map(String) : [],
    detail: detailTextOf(text) ?? JSON.stringify(detail),
    replayName: stringAt(value, 'replay-name'),
  }
}

/** The detail as it was written, with its numbers, where the text is of `eventText`'s own making. */
function detailTextOf(text: string): string | undefined {
  const at = text.indexOf(DETAIL)
  if (!text.startsWith(HEAD) || at === -1) return undefined
  const detail = text.slice(at + DETAIL.length, -1)
  return parseJson(detail) === undefined ? undefined : detail
}

const HEAD = '{"version":"0","id":"'
const DETAIL = ',"detail":'
