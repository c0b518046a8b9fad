/** Marks of functions in a trace header: counted, kept beside what stands there, and bounded. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hopsOf, lineageMark, withHop } from '#services/lambda/events/lineage.ts'

const HEADER = 'Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1'

test('withHop() counts a function\u2019s runs from zero, as AWS does, and keeps the others\u2019', () => {
  const once = withHop(HEADER, 'a87bd80c')
  assert.equal(once, `${HEADER};Lineage=a87bd80c:0`)
  assert.equal(withHop(once, '68fd508a'), `${HEADER};Lineage=a87bd80c:0|68fd508a:0`)
  assert.equal(
    withHop(`${HEADER};Lineage=a87bd80c:4|1:68fd508a:5;Self=x`, 'a87bd80c'),
    `${HEADER};Lineage=1:68fd508a:5|a87bd80c:5;Self=x`,
  )
})

test('hopsOf() reads what AWS writes, old and new, and nothing else', () => {
  assert.equal(hopsOf(HEADER, 'a87bd80c'), 0)
  assert.equal(hopsOf(withHop(HEADER, 'a87bd80c'), 'a87bd80c'), 1)
  assert.equal(hopsOf(`${HEADER};Lineage=a87bd80c:1|68fd508a:5|c512fbe3:2`, '68fd508a'), 6)
  assert.equal(hopsOf(`${HEADER};Lineage=2:68fd508a:5`, '68fd508a'), 6)
  assert.equal(hopsOf(`${HEADER};Lineage=a87bd80c:x|:3`, 'a87bd80c'), 0)
  assert.equal(hopsOf('Lineage=a87bd80c:3', 'a87bd80c'), 0)
})

test('a header stays short however many functions it has passed', () => {
  let header = HEADER
  for (let i = 0; i < 100; i++) header = withHop(header, lineageMark(`arn:${i}`))
  assert.ok(header.length < 600, `${header.length} characters`)
  assert.equal(hopsOf(header, lineageMark('arn:99')), 1)
  assert.equal(hopsOf(header, lineageMark('arn:0')), 0)
})
