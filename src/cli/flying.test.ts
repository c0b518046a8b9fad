import assert from 'node:assert/strict'
import { test } from 'node:test'
import { apiAddress } from '#cli/flying.ts'

const api = { name: 'Api', id: 'a1', url: 'http://a1/dev/' }
const secondStage = { ...api, url: 'http://a1/live/' }
const other = { name: 'Other', id: 'b2', url: 'http://b2/' }
const functionUrl = { name: 'HelloUrl', id: 'arn:hello', url: 'http://u/', isFunctionUrl: true }

test('apiAddress() is that of the only API when a function has a URL too', () => {
  assert.equal(apiAddress([functionUrl, api, secondStage], undefined), 'http://a1/dev')
})

test('apiAddress() is undefined when no API is named and there are several or none', () => {
  assert.equal(apiAddress([api, other], undefined), undefined)
  assert.equal(apiAddress([functionUrl], undefined), undefined)
})

test('apiAddress() is that of the API or function URL when it is named', () => {
  assert.equal(apiAddress([api, other, functionUrl], 'b2'), 'http://b2')
  assert.equal(apiAddress([api, other, functionUrl], 'HelloUrl'), 'http://u')
  assert.equal(apiAddress([api], 'None'), undefined)
})
