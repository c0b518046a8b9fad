import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instant } from '#base/time.ts'
import {
  failedCopyCondition,
  type ReadConditions,
  readOutcome,
  writeOutcome,
} from '#services/s3/conditions.ts'

const subject = { etag: 'abc', lastModified: instant(10_000) }
const before = instant(9_000)
const same = instant(10_400)
const go = { kind: 'go' }
const notModified = { kind: 'not-modified' }
const failed = (condition: string): unknown => ({ kind: 'failed', condition })

test('readOutcome() weighs the four headers as AWS documents', () => {
  const cases: readonly (readonly [ReadConditions, unknown])[] = [
    [{}, go],
    [{ ifMatch: '"abc"' }, go],
    [{ ifMatch: 'abc' }, go],
    [{ ifMatch: '*' }, go],
    [{ ifMatch: '"x", "abc"' }, go],
    [{ ifMatch: '"x"' }, failed('If-Match')],
    [{ ifMatch: '"abc"', ifUnmodifiedSince: before }, go],
    [{ ifUnmodifiedSince: before }, failed('If-Unmodified-Since')],
    [{ ifUnmodifiedSince: same }, go],
    [{ ifNoneMatch: '"abc"' }, notModified],
    [{ ifNoneMatch: 'W/"abc"' }, notModified],
    [{ ifNoneMatch: '"x"', ifModifiedSince: same }, go],
    [{ ifNoneMatch: '"abc"', ifModifiedSince: before }, notModified],
    [{ ifModifiedSince: same }, notModified],
    [{ ifModifiedSince: before }, go],
  ]
  for (const [conditions, expected] of cases)
    assert.deepEqual(readOutcome(conditions, subject), expected, JSON.stringify(conditions))
})

test('failedCopyCondition() names the header of the copy that failed', () => {
  assert.equal(failedCopyCondition({ ifMatch: 'abc' }, subject), undefined)
  assert.equal(failedCopyCondition({ ifMatch: 'x' }, subject), 'x-amz-copy-source-If-Match')
  assert.equal(failedCopyCondition({ ifNoneMatch: 'abc' }, subject), 'x-amz-copy-source-If-None-Match')
  assert.equal(failedCopyCondition({ ifModifiedSince: same }, subject), 'x-amz-copy-source-If-Modified-Since')
})

test('writeOutcome() wants absence for If-None-Match and the tag for If-Match', () => {
  assert.deepEqual(writeOutcome({ ifNoneMatch: '*' }, undefined), go)
  assert.deepEqual(writeOutcome({ ifNoneMatch: '*' }, subject), failed('If-None-Match'))
  assert.deepEqual(writeOutcome({ ifMatch: '"abc"' }, subject), go)
  assert.deepEqual(writeOutcome({ ifMatch: '"x"' }, subject), failed('If-Match'))
  assert.deepEqual(writeOutcome({ ifMatch: '"x"' }, undefined), { kind: 'absent' })
})
