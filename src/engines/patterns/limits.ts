/** What a pattern that is well formed may still not be: too large or too complex for its service. */
import { Buffer } from 'node:buffer'
import type { Condition } from '#engines/patterns/condition.ts'
import {
  type Dialect,
  FILTER_CHARACTERS_MOST,
  POLICY_BYTES_MOST,
  POLICY_COMBINATIONS_MOST,
  POLICY_KEYS_MOST,
  POLICY_WILDCARDS_MOST,
  POLICY_WILDCARD_POINTS_MOST,
  WILDCARD_PARTS_MOST,
} from '#engines/patterns/dialect.ts'
import { type Branch, type Field, tooComplex } from '#engines/patterns/parse.ts'
import { PatternRefused } from '#engines/patterns/problem.ts'
import { type Wildcard, partsInPlay } from '#engines/patterns/wildcard.ts'

/** Before anything is read. */
export function checkSize(text: string, dialect: Dialect): void {
  if (dialect === 'lambda' && text.length > FILTER_CHARACTERS_MOST) {
    refuse(`Filter pattern must not exceed ${FILTER_CHARACTERS_MOST} characters`)
  }
  if (dialect.startsWith('sns') && Buffer.byteLength(text) > POLICY_BYTES_MOST) {
    refuse('Filter policy is too large') // inferred
  }
}

export function checkLimits(branches: readonly Branch[], dialect: Dialect): void {
  if (dialect === 'events' || dialect === 'lambda') checkWildcards(branches)
  else checkPolicy(branches, dialect)
}

function refuse(reason: string): never {
  throw new PatternRefused({ kind: 'limit', reason, at: '' })
}

/** The wildcards among conditions, those inside anything-but included. */
function wildcardsOf(conditions: readonly Condition[]): Wildcard[] {
  return conditions.flatMap((condition): Wildcard[] => {
    if (condition.kind === 'wildcard') return [condition.wildcard]
    return condition.kind === 'anything-but' ? wildcardsOf(condition.excepted) : []
  })
}

function fieldsOf(branches: readonly Branch[]): Set<Field> {
  return new Set(branches.flatMap((branch) => [...branch.values()]))
}

function checkWildcards(branches: readonly Branch[]): void {
  for (const { conditions } of fieldsOf(branches)) {
    const wildcards = wildcardsOf(conditions)
    if (wildcards.length > 0 && partsInPlay(wildcards, WILDCARD_PARTS_MOST) > WILDCARD_PARTS_MOST)
      tooComplex()
  }
}

/**
 * Source: SNS developer guide, Filter policy constraints; recorded AWS answers of policies with `$or`, whose combinations
 * add up over the alternatives. Nested values count as often as they are deep.
 */
function checkPolicy(branches: readonly Branch[], dialect: 'sns-attributes' | 'sns-body'): void {
  const fields = fieldsOf(branches)
  if (dialect === 'sns-attributes' && [...fields].some(({ depth }) => depth > 1)) {
    const reason = 'Filter policy scope MessageAttributes does not support nested filter policy'
    throw new PatternRefused({ kind: 'scope', reason, at: '' })
  }
  if (new Set([...fields].map(({ path }) => path)).size > POLICY_KEYS_MOST) {
    refuse(`Filter policy can not have more than ${POLICY_KEYS_MOST} keys`)
  }
  let combinations = 0
  for (const branch of branches) {
    combinations += [...branch.values()].reduce((product, { values, depth }) => product * values * depth, 1)
  }
  const points = [...fields].reduce((sum, { conditions }) => sum + pointsOf(conditions), 0)
  if (combinations > POLICY_COMBINATIONS_MOST || points > POLICY_WILDCARD_POINTS_MOST) {
    refuse('Filter policy is too complex')
  }
}

/** A field's points: those of its patterns, times their number. More `*` than may be in one is too complex at once. */
function pointsOf(conditions: readonly Condition[]): number {
  let points = 0
  let patterns = 0
  for (const condition of conditions) {
    const wildcards = wildcardsOf([condition])
    if (wildcards.some(({ stars }) => stars > POLICY_WILDCARDS_MOST)) return Infinity
    patterns += wildcards.length
    const one = (wildcard: Wildcard): number =>
      condition.kind === 'anything-but' || wildcard.stars === 1 ? 1 : 3
    points += wildcards.reduce((sum, wildcard) => sum + one(wildcard), 0)
  }
  return points * patterns
}
