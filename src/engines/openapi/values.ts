/** Members of a document of unknown shape, read leniently: numbers where texts are meant, and the other way. */
import { isRecord, valueAt } from '#base/json.ts'

/** The member as text when it is a text, number or boolean. */
export function textAt(value: unknown, name: string): string | undefined {
  return textOf(valueAt(value, name))
}

function textOf(found: unknown): string | undefined {
  if (typeof found === 'string') return found
  return typeof found === 'number' || typeof found === 'boolean' ? String(found) : undefined
}

export function integerAt(value: unknown, name: string): number | undefined {
  const number = Number(textAt(value, name) ?? Number.NaN)
  return Number.isSafeInteger(number) ? number : undefined
}

export function booleanAt(value: unknown, name: string): boolean | undefined {
  const word = textAt(value, name)?.toLowerCase()
  return word === 'true' ? true : word === 'false' ? false : undefined
}

export function recordAt(value: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
  const found = valueAt(value, name)
  return isRecord(found) ? found : undefined
}

export function stringsAt(value: unknown, name: string): string[] | undefined {
  const found = valueAt(value, name)
  return Array.isArray(found) ? textsOf(found) : undefined
}

/** The texts of a list; none when it is no list. */
export function textsOf(list: unknown): string[] {
  if (!Array.isArray(list)) return []
  return list.flatMap((item) => {
    const one = textOf(item)
    return one === undefined ? [] : [one]
  })
}

/** Text members only; a template that was given as an object is written as JSON. */
export function textMap(value: unknown): Record<string, string> {
  const entries: [string, string][] = []
  for (const [name, item] of Object.entries(isRecord(value) ? value : {})) {
    const found = textOf(item) ?? (isRecord(item) || Array.isArray(item) ? JSON.stringify(item) : undefined)
    if (found !== undefined) entries.push([name, found])
  }
  return Object.fromEntries(entries)
}
