import assert from 'node:assert/strict'
import { test } from 'node:test'
import { statementSpans } from '#engines/iam-policy/positions.ts'

test('statementSpans() finds a single statement behind its bracket', () => {
  const text = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Condition":{"Bool":{"a":"}"}}}}'
  assert.deepEqual(statementSpans(text), [
    { start: { Line: 1, Column: 38 }, end: { Line: 1, Column: text.length } },
  ])
})

test('statementSpans() finds each statement of a list, over lines, and none elsewhere', () => {
  const text = '{\n "Statement": [\n  {"Sid": "a]{"},\n  {}\n ],\n "Id": "x"\n}'
  assert.deepEqual(
    statementSpans(text).map(({ start, end }) => [start.Line, start.Column, end.Line, end.Column]),
    [
      [3, 4, 3, 17],
      [4, 4, 4, 5],
    ],
  )
  assert.deepEqual(statementSpans('{"Statement":[]}'), [])
})
