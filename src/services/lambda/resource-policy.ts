/**
 * What a function's policies allow: who may invoke it, on whose behalf. Only the statements that AddPermission can make
 * are read, which name one principal, one action and equalities. Pure. Source: Lambda developer guide, Resource policies.
 */
import { parseArn } from '#base/arn.ts'
import { isRecord, stringAt } from '#base/json.ts'
import { LATEST } from '#services/lambda/names.ts'
import type { FunctionRecord, PolicyStatement } from '#services/lambda/record.ts'

/** A service that asks, and the resource that it asks for. */
export interface Asking {
  /** Such as `sns.amazonaws.com`. */
  readonly principal: string
  readonly sourceArn: string
  readonly sourceAccount: string
}

/** The statements that hold for an invoke by that qualifier: each qualifier has a policy of its own, and so has none. */
export const statementsOf = (
  record: FunctionRecord,
  qualifier: string | undefined,
): readonly PolicyStatement[] =>
  qualifier === undefined || qualifier === LATEST
    ? record.policy
    : (record.policies?.[qualifier]?.statements ?? [])

/** True when a statement lets the service invoke the function for that source. */
export const allows = (statements: readonly PolicyStatement[], asking: Asking): boolean =>
  statements.some(
    ({ Principal: principal, Action: action, Condition: condition }) =>
      isPrincipal(principal, asking.principal) && isInvoke(action) && holds(condition, asking),
  )

const isPrincipal = (principal: unknown, service: string): boolean =>
  principal === '*' || stringAt(principal, 'Service') === service

const isInvoke = (action: string): boolean => ['lambda:InvokeFunction', 'lambda:*', '*'].includes(action)

/** Every condition must hold; one that a service's invoke says nothing about does not. */
function holds(condition: unknown, asking: Asking): boolean {
  if (condition === undefined) return true
  if (!isRecord(condition)) return false
  for (const [operator, keys] of Object.entries(condition)) {
    if (!isRecord(keys)) return false
    for (const [key, wanted] of Object.entries(keys)) {
      const pattern = typeof wanted === 'string' ? wanted : undefined
      const found = valueOf(key, asking)
      if (pattern === undefined || found === undefined) return false
      const matches = operator === 'ArnLike' ? arnLike(pattern, found) : pattern === found
      if (!matches) return false
    }
  }
  return true
}

function valueOf(key: string, asking: Asking): string | undefined {
  switch (key.toLowerCase()) {
    case 'aws:sourcearn':
      return asking.sourceArn
    case 'aws:sourceaccount':
      return asking.sourceAccount
    default:
      return undefined
  }
}

/** `*` is any text and `?` any character, within each part of an ARN. Source: IAM user guide, ARN operators. */
export function arnLike(pattern: string, arn: string): boolean {
  const [wanted, given] = [parseArn(pattern), parseArn(arn)]
  if (wanted === undefined || given === undefined) return false
  return (
    like(wanted.partition, given.partition) &&
    like(wanted.service, given.service) &&
    like(wanted.region, given.region) &&
    like(wanted.account, given.account) &&
    like(wanted.resource, given.resource)
  )
}

/** Without a regular expression, whose time a pattern of many stars could let grow. */
function like(pattern: string, text: string): boolean {
  let [p, t] = [0, 0]
  let star = -1
  let resumeAt = 0
  while (t < text.length) {
    const wanted = pattern[p]
    if (wanted === '*') {
      star = p++
      resumeAt = t
    } else if (wanted === '?' || wanted === text[t]) {
      p++
      t++
    } else if (star !== -1) {
      p = star + 1
      t = ++resumeAt
    } else return false
  }
  while (pattern[p] === '*') p++
  return p === pattern.length
}
