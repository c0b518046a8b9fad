/** Function URLs over a socket: by host and by path, whole and streamed, and as a template's resource. */
import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import { type Answer, madeFunction, query, rest, signature } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
before(async () => (on = await platform()))
after(() => on.stop())

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly body: string
  /** Ms from the request until each part of the body. */
  readonly times: readonly number[]
  /** False when the connection was cut within the body. */
  readonly whole: boolean
}

/** With the Host that the address names: names below localhost do not resolve everywhere. */
function get(
  address: string,
  more: { method?: string; headers?: Record<string, string>; body?: string } = {},
): Promise<Got> {
  const url = new URL(address)
  const began = performance.now()
  const { promise, resolve, reject } = Promise.withResolvers<Got>()
  const options = {
    host: '127.0.0.1',
    port: on.port,
    path: url.pathname + url.search,
    method: more.method ?? 'GET',
    headers: { host: url.host, ...more.headers },
  }
  const sent = request(options, (answer) => {
    let body = ''
    const times: number[] = []
    answer.on('data', (part: Buffer) => {
      body += part.toString()
      times.push(performance.now() - began)
    })
    answer.on('error', () => {}) // the connection was cut: `complete` says so
    answer.on('close', () => {
      const { statusCode = 0, headers, complete } = answer
      resolve({ status: statusCode, headers, body, times, whole: complete })
    })
  })
  sent.on('error', reject)
  sent.end(more.body)
  return promise
}

async function published(name: string, code: string, config: object = {}): Promise<string> {
  await madeFunction(on, { name, code })
  const made = await rest(on, `lambda POST /2021-10-31/functions/${name}/url`, {
    AuthType: 'NONE',
    ...config,
  })
  assert.equal(made.status, 201, made.body)
  const grants = [
    { StatementId: 'u', Action: 'lambda:InvokeFunctionUrl', FunctionUrlAuthType: 'NONE' },
    { StatementId: 'i', Action: 'lambda:InvokeFunction', InvokedViaFunctionUrl: true },
  ]
  for (const grant of grants) {
    const path = `lambda POST /2015-03-31/functions/${name}/policy` as const
    const added = await rest(on, path, { Principal: '*', ...grant })
    assert.equal(added.status, 201, added.body)
  }
  return (JSON.parse(made.body) as { FunctionUrl: string }).FunctionUrl
}

const ECHO = 'exports.handler = async (event) => ({ statusCode: 207, body: JSON.stringify(event) })'

test('a URL answers by its host and by its path form, and the function sees the same request', async () => {
  const url = await published('echo', ECHO)
  const id = new URL(url).hostname.split('.')[0] ?? ''
  for (const address of [`${url}a/b?c=d`, `${on.url}/_aws/lambda-url/${id}/a/b?c=d`]) {
    const { status, body } = await get(address, { method: 'PUT', body: 'text' })
    assert.equal(status, 207)
    const event = JSON.parse(body) as Record<string, unknown>
    assert.equal(event['rawPath'], '/a/b')
    assert.equal(event['rawQueryString'], 'c=d')
    assert.equal((event['requestContext'] as { domainPrefix: string }).domainPrefix, id)
  }
})

test('a page of this machine may call a URL that allows it', async () => {
  const cors = { AllowOrigins: ['http://localhost:3000'], AllowMethods: ['GET'], MaxAge: 5 }
  const url = await published('cors', ECHO, { Cors: cors })
  const headers = { origin: 'http://localhost:3000', 'access-control-request-method': 'GET' }
  const preflight = await get(url, { method: 'OPTIONS', headers })
  assert.equal(preflight.status, 200)
  assert.equal(preflight.headers['access-control-allow-origin'], 'http://localhost:3000')
  assert.equal(preflight.headers['access-control-max-age'], '5')
  assert.equal((await get(url, { headers })).headers['access-control-allow-origin'], 'http://localhost:3000')
})

test('RESPONSE_STREAM: the first part comes before the function has ended; an error cuts the answer off', async () => {
  const code = `exports.handler = awslambda.streamifyResponse(async (event, stream) => {
    stream = awslambda.HttpResponseStream.from(stream, { statusCode: 202, headers: { 'content-type': 'text/plain' } })
    stream.write('one ')
    await new Promise((resume) => setTimeout(resume, 300))
    if (event.rawPath === '/fail') throw new Error('mid')
    stream.end('two')
  })`
  const url = await published('streams', code, { InvokeMode: 'RESPONSE_STREAM' })
  await get(url)
  const { status, headers, body, times, whole } = await get(url)
  assert.deepEqual([status, headers['content-type'], body, whole], [202, 'text/plain', 'one two', true])
  assert.ok((times.at(-1) ?? 0) - (times[0] ?? 0) >= 250)
  const broken = await get(`${url}fail`)
  assert.deepEqual([broken.status, broken.body, broken.whole], [202, 'one ', false])
})

test('AWS_IAM: unsigned requests and foreign accounts are refused', async () => {
  const url = await published('signed', ECHO, { AuthType: 'AWS_IAM' })
  const unsigned = await get(url)
  assert.deepEqual([unsigned.status, unsigned.body], [403, '{"Message":"Forbidden"}'])
  const as = (account?: string): Record<string, string> => ({ authorization: signature('lambda', account) })
  assert.equal((await get(url, { headers: as() })).status, 207)
  assert.equal((await get(url, { headers: as('111111111111') })).status, 403)
})

test('a template with a function URL deploys, changes and goes', async () => {
  const template = (mode: string): string =>
    JSON.stringify({
      Transform: 'AWS::Serverless-2016-10-31',
      Resources: {
        F: {
          Type: 'AWS::Serverless::Function',
          Properties: {
            Runtime: 'nodejs22.x',
            Handler: 'index.handler',
            InlineCode: ECHO,
            FunctionUrlConfig: { AuthType: 'NONE', InvokeMode: mode },
          },
        },
      },
      Outputs: { Url: { Value: { 'Fn::GetAtt': ['FUrl', 'FunctionUrl'] } } },
    })
  const url = await deployed('CreateStack', template('BUFFERED'), 'CREATE_COMPLETE')
  assert.equal((await get(url)).status, 207)
  assert.equal(await deployed('UpdateStack', template('RESPONSE_STREAM'), 'UPDATE_COMPLETE'), url)
  assert.equal((await get(url)).status, 200)
  await cloudFormation('DeleteStack', {})
  for (let status = 200; status !== 403; status = (await get(url)).status)
    await new Promise((resume) => setTimeout(resume, 50))
})

const cloudFormation = (action: string, fields: Record<string, string>): Promise<Answer> =>
  query(on, 'cloudformation', { Action: action, Version: '2010-05-15', StackName: 'urls', ...fields })

async function deployed(action: string, template: string, until: string): Promise<string> {
  const capabilities = {
    'Capabilities.member.1': 'CAPABILITY_IAM',
    'Capabilities.member.2': 'CAPABILITY_AUTO_EXPAND',
  }
  const begun = await cloudFormation(action, { TemplateBody: template, ...capabilities })
  assert.equal(begun.status, 200, begun.body)
  for (;;) {
    const { body } = await cloudFormation('DescribeStacks', {})
    if (body.includes(`<StackStatus>${until}<`)) return /<OutputValue>([^<]+)</.exec(body)?.[1] ?? ''
    assert.match(body, /_IN_PROGRESS</, body)
    await new Promise((resume) => setTimeout(resume, 50))
  }
}
