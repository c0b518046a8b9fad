/** Which context keys policies ask for: in conditions, and as variables in resources and condition values. Pure. */
import type { Policy } from '#engines/iam-policy/document.ts'

/** In the order and the spelling of their first use. Source: IAM API, GetContextKeysForCustomPolicy. */
export function contextKeysOf(policies: readonly Policy[]): readonly string[] {
  const found = new Map<string, string>()
  const add = (key: string): void => {
    if (!found.has(key.toLowerCase())) found.set(key.toLowerCase(), key)
  }
  for (const policy of policies) {
    for (const { resource, conditions } of policy.statements) {
      for (const text of resource?.values ?? []) for (const key of variablesIn(text)) add(key)
      for (const { key, values } of conditions) {
        add(key)
        for (const text of values) for (const variable of variablesIn(text)) add(variable)
      }
    }
  }
  return [...found.values()]
}

function variablesIn(text: string): readonly string[] {
  return [...text.matchAll(/\$\{([^}]*)\}/g)]
    .map((hit) => (hit[1] ?? '').split(',')[0]?.trim() ?? '')
    .filter((key) => key.includes(':'))
}
