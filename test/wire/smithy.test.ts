/**
 * The official Smithy protocol cases against the wire. Prints counts per protocol. Fails when a case outside of
 * known-failures.json fails, when one inside passes, or when fewer than 98 % of those that apply pass. Malformed cases
 * compare status and error type: the texts of failed constraints are AWS's own here, not the framework's.
 */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { gunzipSync } from 'node:zlib'
import { type Case, casesOf, run } from './cases.ts'
import type { Ast } from './from-smithy.ts'

const here = import.meta.dirname
const ast = JSON.parse(
  gunzipSync(readFileSync(join(here, 'data', 'smithy-protocol-tests.json.gz'))).toString('utf8'),
) as Ast
const known = JSON.parse(readFileSync(join(here, 'known-failures.json'), 'utf8')) as Readonly<
  Record<string, string>
>

/** Why a case does not apply to this wire, or undefined. The list is closed: all else counts. */
function inapplicable({ id, kind, test }: Case): string | undefined {
  const type = test.response?.headers?.['x-amzn-errortype']
  if (test.tags?.includes('accept') === true) return 'refusals by Accept'
  if (test.tags?.includes('content-type') === true) return 'refusals by Content-Type'
  if (/^SDKApp(?:lied|end)/.test(id)) return 'request compression by clients'
  if (kind !== 'malformed' || type !== 'ValidationException') return undefined
  if (id.includes('Override')) return 'constraints on members'
  return id.includes('UniqueItems') ? 'uniqueItems' : undefined
}

/** Requests and answers may share an id. */
const nameOf = ({ kind, id }: Case): string => `${kind} ${id}`

interface Count {
  passed: number
  failed: number
  skipped: number
}

const cases = casesOf(ast)
const counts = new Map<string, Count>()
const reasons = new Map<string, number>()
const surprises: string[] = []

async function passes(each: Case): Promise<boolean> {
  try {
    const { actual, expected } = await run(each)
    return isDeepStrictEqual(actual, expected)
  } catch {
    return false
  }
}

for (const each of cases) {
  const key = `${each.protocol} ${each.kind}`
  const count = counts.get(key) ?? { passed: 0, failed: 0, skipped: 0 }
  counts.set(key, count)
  const reason = inapplicable(each)
  if (reason !== undefined) {
    count.skipped++
    reasons.set(reason, (reasons.get(reason) ?? 0) + 1)
    continue
  }
  const isListed = Object.hasOwn(known, nameOf(each))
  const isPassed = await passes(each)
  if (isPassed) count.passed++
  else count.failed++
  if (isPassed === isListed)
    surprises.push(`${key} ${each.id} ${isPassed ? 'passes, but is listed' : 'fails'}`)
}

const total: Count = { passed: 0, failed: 0, skipped: 0 }
for (const [key, count] of [...counts].sort(([a], [b]) => a.localeCompare(b))) {
  total.passed += count.passed
  total.failed += count.failed
  total.skipped += count.skipped
  console.error(
    `${key.padEnd(22)} ${count.passed} passed, ${count.failed} failed, ${count.skipped} not applicable`,
  )
}
const share = (100 * total.passed) / (total.passed + total.failed)
console.error(`${total.passed} of ${total.passed + total.failed} that apply pass: ${share.toFixed(2)} %`)
console.error(`not applicable: ${[...reasons].map(([reason, count]) => `${count} ${reason}`).join(', ')}`)

test('every protocol case outside of known-failures.json passes, and none inside', () => {
  assert.deepEqual(surprises, [])
})

test('known-failures.json names only cases that exist', () => {
  const ids = new Set(cases.map(nameOf))
  assert.deepEqual(
    Object.keys(known).filter((id) => !ids.has(id)),
    [],
  )
})

test('at least 98 % of the protocol cases that apply pass', () => {
  assert.ok(total.passed > 1_200, `only ${total.passed} cases ran and passed`)
  assert.ok(share >= 98, `${share.toFixed(2)} %`)
})
