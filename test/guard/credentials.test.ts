/** Temporary credentials are good for every service until their time is over, and for none after it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { element, errorOf, json, query, rest, send } from '../support/aws.ts'
import { platform } from '../support/platform.ts'

test('an expired session is refused by every service, a valid one and plain keys are not', async () => {
  const on = await platform(['--memory', '--virtual-time'])
  try {
    const assumed = await query(on, 'sts', {
      Action: 'AssumeRole',
      Version: '2011-06-15',
      RoleArn: 'arn:aws:iam::123456789012:role/reader',
      RoleSessionName: 'test',
    })
    const account = element(assumed, 'AccessKeyId') ?? ''
    assert.match(account, /^ASIA/)
    assert.equal((await json(on, 'logs.DescribeLogGroups', {}, { account })).status, 200)
    assert.equal((await rest(on, 's3 GET /', undefined, { account })).status, 200)
    const moved = await send(on, { path: '/_windtunnel/clock', body: '{"action":"advance","ms":3600001}' })
    assert.equal(moved.status, 200, moved.body)
    for (const answer of [
      await json(on, 'logs.DescribeLogGroups', {}, { account }),
      await rest(on, 's3 GET /', undefined, { account }),
      await rest(on, 'lambda GET /2015-03-31/functions', undefined, { account }),
    ])
      assert.match(errorOf(answer).code, /^ExpiredToken/)
    assert.equal((await json(on, 'logs.DescribeLogGroups', {})).status, 200)
  } finally {
    assert.equal(await on.stop(), 0)
  }
})
