/** SNS's message attributes as the flat object that filter policies of scope MessageAttributes are matched against. */
import { parseJson } from '#base/json.ts'

export interface FilteredAttribute {
  readonly DataType: string
  readonly StringValue?: string | undefined
}

/**
 * String and its custom types as text, Number as a number, String.Array as its elements. Binary attributes are left out, as
 * is a String.Array that is no JSON array. Source: SNS developer guide, Filter policy constraints (attribute-based).
 */
export function filterableAttributes(
  attributes: Readonly<Record<string, FilteredAttribute>>,
): Readonly<Record<string, unknown>> {
  const entries = Object.entries(attributes).flatMap(([name, attribute]): [string, unknown][] => {
    const value = filterable(attribute)
    return value === undefined ? [] : [[name, value]]
  })
  return Object.fromEntries(entries)
}

function filterable({ DataType, StringValue }: FilteredAttribute): unknown {
  if (StringValue === undefined) return undefined
  if (DataType === 'String.Array') {
    const parsed = parseJson(StringValue)
    return Array.isArray(parsed) ? parsed : undefined
  }
  const type = DataType.split('.')[0]
  if (type === 'Number') {
    const number = Number(StringValue)
    return Number.isFinite(number) ? number : StringValue
  }
  return type === 'String' ? StringValue : undefined
}
