/** REST bindings of answers and errors: members that travel as headers, headers below a prefix, or the status. */
import { isRecord } from '#base/json.ts'
import type { Model } from '#wire/model.ts'
import { plainText, printScalar, textBase64 } from '#wire/scalars.ts'
import type { Member } from '#wire/table.ts'

export interface BoundHeaders {
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly status: number | undefined
}

/** In answers, members that only requests bind (labels, query keys) stand in the body. */
export const isInBody = (member: Member): boolean =>
  member.at === undefined || member.at === 'label' || member.at === 'query' || member.at === 'queries'

/** Header values hold no line breaks: what would split an answer is written as blanks. */
const safe = (value: string): string => (/[\r\n\0]/.test(value) ? value.replaceAll(/[\r\n\0]+/g, ' ') : value)

/** The headers and the status that an output's members say. */
export function headersOf(
  model: Model,
  members: readonly (readonly [string, Member])[],
  output: Readonly<Record<string, unknown>>,
): BoundHeaders {
  const headers: [string, string][] = []
  let status: number | undefined
  for (const [name, member] of members) {
    const value = output[name]
    if (value === undefined || value === null) continue
    if (member.at === 'header') headers.push([member.w ?? name, safe(headerText(model, member, value))])
    else if (member.at === 'headers' && isRecord(value)) {
      for (const [key, item] of Object.entries(value))
        headers.push([`${member.w ?? ''}${key}`, safe(plainText(item))])
    } else if (member.at === 'status' && typeof value === 'number') status = value
  }
  return { headers, status }
}

function headerText(model: Model, member: Member, value: unknown): string {
  const shape = model.shape(member.s)
  if (Array.isArray(value)) {
    const element = shape.e
    const items: readonly unknown[] = value
    if (element === undefined) return ''
    const kind = model.shape(element.s).t
    const format = model.time(element, 'http')
    return items
      .filter((item) => item !== null && item !== undefined)
      .map((item) => (kind === 'string' ? quoted(plainText(item)) : printScalar(item, kind, format)))
      .join(', ')
  }
  if ((member.media ?? shape.media) !== undefined) return textBase64(plainText(value))
  return printScalar(value, shape.t, model.time(member, 'http'))
}

/** Elements with commas or quotes stand in quotes. */
const quoted = (text: string): string =>
  /[",]/.test(text) ? `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"` : text
