/** Conditions that join others with Fn::Or, in groups of ten, as CloudFormation allows no more in one. */
import type { Dict, Value } from '#engines/templates/value.ts'

const MAX = 10

/** Nothing for fewer than two names; else the conditions to add, the last of them called `name`. */
export function combinedConditions(names: readonly string[], name: string): Dict {
  const out: Dict = {}
  if (names.length < 2) return out
  let waiting = [...names]
  let left = Math.floor((names.length - 2) / (MAX - 1))
  while (waiting.length > 1) {
    const fresh = left > 0 ? `${name}${left}` : name
    left--
    const group: Value[] = waiting.slice(0, MAX).map((one) => ({ Condition: one }))
    out[fresh] = { 'Fn::Or': group }
    waiting = [...waiting.slice(MAX), fresh]
  }
  return out
}
