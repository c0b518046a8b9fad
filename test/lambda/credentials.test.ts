/** Who a function is when it calls AWS: a session of its role. Through a whole platform, with a real process. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { invoke, json, madeFunction } from '../support/aws.ts'
import { platform } from '../support/platform.ts'
import { until } from './waiting.ts'

const ASKS = `exports.handler = async () => {
  const key = process.env.AWS_ACCESS_KEY_ID
  const answer = await fetch(process.env.AWS_ENDPOINT_URL, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: 'AWS4-HMAC-SHA256 Credential=' + key + '/20260101/us-east-1/sts/aws4_request, SignedHeaders=host, Signature=00',
      'x-amz-security-token': process.env.AWS_SESSION_TOKEN,
    },
    body: 'Action=GetCallerIdentity&Version=2011-06-15',
  })
  console.log('first\\nsecond')
  return { key, secret: process.env.AWS_SECRET_ACCESS_KEY.length, body: await answer.text() }
}`

test('a function is the session of its role, named after it, and its account is the function\u2019s', async () => {
  const on = await platform()
  try {
    await madeFunction(on, { name: 'who-am-i', code: ASKS })
    const answer = await invoke(on, 'who-am-i')
    assert.equal(answer.functionError, undefined, answer.payload)
    const seen = JSON.parse(answer.payload) as { key: string; secret: number; body: string }
    assert.match(seen.key, /^ASIA[A-Z2-7]{16}$/)
    assert.equal(seen.secret, 40)
    assert.match(seen.body, /<Arn>arn:aws:sts::000000000000:assumed-role\/test\/who-am-i<\/Arn>/)
    assert.match(seen.body, /<Account>000000000000<\/Account>/)
    assert.match(answer.log, /\tINFO\tfirst\nsecond\n/)
    await until(async () => {
      const kept = await json(on, 'logs.FilterLogEvents', { logGroupName: '/aws/lambda/who-am-i' })
      return kept.body.includes('INFO\\tfirst\\nsecond\\n"')
    })
  } finally {
    assert.equal(await on.stop(), 0)
  }
})
