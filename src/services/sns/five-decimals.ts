/**
 * Numbers as filter policies compare them: five digits after the decimal point. Source: SNS developer guide, Filter
 * policy constraints. That further digits are cut off and not rounded is inferred. Pure.
 */
import { isRecord } from '#base/json.ts'

const DECIMALS = 5

/** Whether a text may hold a number with more digits: nothing else needs `fiveDecimals`. */
export const mayBeFiner = (text: string): boolean => /\.\d{6}|\de-/i.test(text)

/** The value with every number in it cut to five decimals. */
export function fiveDecimals(value: unknown): unknown {
  if (typeof value === 'number') return cut(value)
  if (Array.isArray(value)) return value.map(fiveDecimals)
  if (!isRecord(value)) return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, fiveDecimals(inner)]))
}

/** By its decimal text: multiplying would turn 1.15 into 1.14999. */
function cut(number: number): number {
  const text = String(number)
  if (text.includes('e-')) return 0
  const point = text.indexOf('.')
  return point === -1 || text.includes('e') ? number : Number(text.slice(0, point + 1 + DECIMALS))
}
