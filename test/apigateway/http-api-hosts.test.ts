/** Custom domains of HTTP APIs over a socket: the Host header alone leads to the API. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Answer, madeFunction, rest, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const DOMAIN = 'api.shop.localhost'

let on: Platform
before(async () => (on = await platform(['--memory', '--allow-host', 'api.example.com'])))
after(() => on.stop())

const get = (host: string, path: string): Promise<Answer> =>
  send(on, { method: 'GET', path, headers: { host } })

test('a custom domain answers by its Host, with and without a port, until it is deleted', async () => {
  const code = 'exports.handler = async (event) => ({ statusCode: 200, body: event.rawPath })'
  await madeFunction(on, { name: 'echo', code })
  const target = 'arn:aws:lambda:us-east-1:000000000000:function:echo'
  const made = await rest(on, 'apigateway POST /v2/apis', { name: 'a', protocolType: 'HTTP', target })
  assert.equal(made.status, 201, made.body)
  const { apiId } = JSON.parse(made.body) as { apiId: string }
  await rest(on, `lambda POST /2015-03-31/functions/echo/policy`, {
    StatementId: 'api',
    Action: 'lambda:InvokeFunction',
    Principal: 'apigateway.amazonaws.com',
  })
  assert.equal((await get(DOMAIN, '/v1/pets')).status === 200, false)
  for (const domainName of [DOMAIN, 'api.example.com']) {
    await rest(on, 'apigateway POST /v2/domainnames', { domainName })
    const mapping = { apiId, stage: '$default', apiMappingKey: 'v1' }
    const mapped = await rest(on, `apigateway POST /v2/domainnames/${domainName}/apimappings`, mapping)
    assert.equal(mapped.status, 201, mapped.body)
    for (const host of [domainName, `${domainName}:${on.port}`]) {
      const answer = await get(host, '/v1/pets')
      assert.deepEqual([answer.status, answer.body], [200, '/pets'])
    }
    const elsewhere = await get(domainName, '/v2/pets')
    assert.deepEqual([elsewhere.status, elsewhere.body], [403, '{"message":"Forbidden"}'])
  }
  await rest(on, `apigateway DELETE /v2/domainnames/${DOMAIN}`)
  assert.equal((await get(DOMAIN, '/v1/pets')).status === 200, false)
})
