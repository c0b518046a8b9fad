/** What calls that make or change stacks have in common: parameters, tags, names, options that we do not have. */
import type { Parameter, Tag } from '#model/cloudformation.ts'
import type { ResolvedTemplate } from '#engines/templates/template.ts'
import { notDone, validationError } from '#services/cloudformation/faults.ts'
import type { KeyValue, StackTag, StoredParameter } from '#services/cloudformation/records.ts'

const NAME = /^[a-zA-Z][-a-zA-Z0-9]*$/

/** Faults: ValidationError in AWS's words. Source: CloudFormation API, CreateStack, StackName. */
export function checkName(value: string, member: string): void {
  const detected = (constraint: string): Error =>
    validationError(
      `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: ${constraint}`,
    )
  if (!NAME.test(value)) {
    throw detected('Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*')
  }
  if (value.length > 128) throw detected('Member must have length less than or equal to 128')
}

/** Values by name; `UsePreviousValue` takes the stack's. Faults: ValidationError. */
export function parameterMap(
  given: readonly Parameter[] | undefined,
  previous: readonly KeyValue[],
): Map<string, string> {
  const out = new Map<string, string>()
  for (const { ParameterKey: key, ParameterValue: value, UsePreviousValue: previously } of given ?? []) {
    if (key === undefined) throw validationError('Parameter keys must be given')
    if (previously === true) {
      const found = previous.find((one) => one.key === key)
      if (found === undefined) {
        throw validationError(
          `Invalid input for parameter key ${key}. Cannot specify usePreviousValue as true for a parameter key not in the previous template`,
        )
      }
      out.set(key, found.value)
    } else if (value === undefined) {
      throw validationError(
        `Invalid input for parameter key ${key}. Need to specify either usePreviousValue as true or non-null parameter value`,
      )
    } else out.set(key, value)
  }
  return out
}

/** As they are kept, in the template's order. */
export const storedParameters = ({
  declarations,
  parameterTexts,
  fetched,
}: Pick<ResolvedTemplate, 'declarations' | 'parameterTexts' | 'fetched'>): StoredParameter[] =>
  declarations.flatMap(({ name, noEcho }) => {
    const value = parameterTexts.get(name)
    const resolved = fetched.get(name)
    if (value === undefined) return []
    return [{ key: name, value, noEcho, ...(resolved === undefined ? {} : { resolved }) }]
  })

/** Faults: ValidationError for tags that no resource may have. Source: CloudFormation user guide, Resource tags. */
export function stackTags(tags: readonly Tag[] | undefined): StackTag[] {
  const seen = new Set<string>()
  return (tags ?? []).map(({ Key, Value }) => {
    if (Key.startsWith('aws:')) {
      throw validationError('aws: prefixed tag key names are not allowed for external use.')
    }
    if (seen.has(Key)) throw validationError(`Duplicate tag keys found in stack tags: ${Key}`)
    seen.add(Key)
    return { Key, Value }
  })
}

/** Options that would otherwise be taken and ignored. */
export function refuseOptions(options: {
  readonly NotificationARNs?: readonly string[] | undefined
  readonly RollbackConfiguration?: { readonly RollbackTriggers?: readonly unknown[] | undefined } | undefined
}): void {
  if ((options.NotificationARNs ?? []).length > 0) throw notDone('NotificationARNs of stacks')
  if ((options.RollbackConfiguration?.RollbackTriggers ?? []).length > 0) throw notDone('rollback triggers')
}

/** ResourceTypes of a call: only those types may be in the template. */
export function checkResourceTypes(allowed: readonly string[] | undefined, types: Iterable<string>): void {
  if (allowed === undefined || allowed.length === 0) return
  const fits = (type: string): boolean =>
    allowed.some((one) => one === type || (one.endsWith('*') && type.startsWith(one.slice(0, -1))))
  const other = [...types].find((type) => !fits(type))
  if (other !== undefined) {
    throw validationError(
      `Resource type ${other} is not allowed by parameter ResourceTypes [${allowed.join(', ')}]`,
    )
  }
}
