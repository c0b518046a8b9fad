/** One SAM template with all that an HTTP API may have, deployed to a running platform and called over its socket. */
import assert from 'node:assert/strict'
import { generateKeyPairSync, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { type Answer, element, json, query, rest, send, signature } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const DOMAIN = 'api.shop.localhost'
const pair = generateKeyPairSync('rsa', { modulusLength: 2_048 })

let on: Platform
let outside: Server
let issuer = ''
let outputs: Readonly<Record<string, string>> = {}
/** Requests for the keys of an issuer that never answers. */
let hanging = 0

/** Issuer of tokens and backend of the HTTP proxy in one. */
function answers(path: string): { status: number; body: unknown } {
  if (path === '/.well-known/openid-configuration')
    return { status: 200, body: { issuer, jwks_uri: `${issuer}/keys` } }
  if (path === '/keys')
    return {
      status: 200,
      body: { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' }] },
    }
  if (path.startsWith('/backend/')) return { status: 404, body: { path } }
  return { status: 500, body: {} }
}

before(async () => {
  outside = createServer((request, response) => {
    if (request.url?.startsWith('/hangs') === true) {
      hanging++
      return
    }
    const { status, body } = answers(request.url ?? '')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })
  await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve))
  issuer = `http://127.0.0.1:${(outside.address() as AddressInfo).port}`
  on = await platform()
  outputs = await deployed('shop', template())
})
after(async () => {
  await on.stop()
  outside.close()
  outside.closeAllConnections()
})

const ECHO = `exports.handler = async (event) => ({ statusCode: 200, body: JSON.stringify({ authorizer: event.requestContext.authorizer ?? null, variables: event.stageVariables ?? null, path: event.rawPath }) })`
const AUTHORIZE = `exports.handler = async (event) => ({ isAuthorized: event.identitySource[0] === 'sesame', context: { asked: Date.now() } })`

function template(): object {
  const event = (Path: string, more: object): object => ({
    Type: 'HttpApi',
    Properties: { ApiId: { Ref: 'Api' }, Method: 'GET', Path, ...more },
  })
  const fn = (InlineCode: string, more: object = {}): object => ({
    Type: 'AWS::Serverless::Function',
    Properties: { Runtime: 'nodejs24.x', Handler: 'index.handler', InlineCode, ...more },
  })
  return {
    Transform: 'AWS::Serverless-2016-10-31',
    Resources: {
      Access: { Type: 'AWS::Logs::LogGroup', Properties: {} },
      Api: {
        Type: 'AWS::Serverless::HttpApi',
        Properties: {
          StageVariables: { color: 'red' },
          AccessLogSettings: {
            DestinationArn: { 'Fn::GetAtt': ['Access', 'Arn'] },
            Format: '$context.routeKey $context.status $context.authorizer.claims.sub',
          },
          DefaultRouteSettings: { ThrottlingBurstLimit: 100, ThrottlingRateLimit: 100 },
          RouteSettings: { 'GET /limited': { ThrottlingBurstLimit: '1', ThrottlingRateLimit: 0.001 } },
          CorsConfiguration: { AllowOrigins: ['http://localhost:3000'], AllowMethods: ['GET'] },
          Domain: {
            DomainName: DOMAIN,
            CertificateArn: 'arn:aws:acm:us-east-1:000000000000:certificate/c',
            BasePath: 'v1',
          },
          Auth: {
            DefaultAuthorizer: 'Pool',
            EnableIamAuthorizer: true,
            Authorizers: {
              Pool: {
                IdentitySource: '$request.header.Authorization',
                JwtConfiguration: { issuer, audience: ['shop'] },
              },
              Hanging: {
                IdentitySource: '$request.header.Authorization',
                JwtConfiguration: { issuer: `${issuer}/hangs`, audience: ['shop'] },
              },
              Own: {
                FunctionArn: { 'Fn::GetAtt': ['Authorize', 'Arn'] },
                AuthorizerPayloadFormatVersion: '2.0',
                EnableSimpleResponses: true,
                EnableFunctionDefaultPermissions: true,
                Identity: { Headers: ['x-word'], ReauthorizeEvery: 60 },
              },
            },
          },
        },
      },
      Echo: fn(ECHO, {
        Events: {
          Token: event('/token', {}),
          Scoped: event('/scoped', { Auth: { AuthorizationScopes: ['admin'] } }),
          Open: event('/open', { Auth: { Authorizer: 'NONE' } }),
          Limited: event('/limited', { Auth: { Authorizer: 'NONE' } }),
          Hanging: event('/hanging', { Auth: { Authorizer: 'Hanging' } }),
          Own: event('/own', { Auth: { Authorizer: 'Own' } }),
          Signed: event('/signed', { Auth: { Authorizer: 'AWS_IAM' } }),
        },
      }),
      Authorize: fn(AUTHORIZE),
      ...plain(),
    },
    Outputs: { Id: { Value: { Ref: 'Api' } }, Plain: { Value: { Ref: 'Plain' } } },
  }
}

/** The same kinds of thing without SAM: an authorizer, an HTTP proxy with changed answers, a mapping, a model, a link. */
function plain(): object {
  const of = (Type: string, Properties: object): object => ({
    Type: `AWS::ApiGatewayV2::${Type}`,
    Properties: { ApiId: { Ref: 'Plain' }, ...Properties },
  })
  return {
    Plain: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'plain', ProtocolType: 'HTTP' } },
    PlainAuthorizer: of('Authorizer', {
      Name: 'pool',
      AuthorizerType: 'JWT',
      IdentitySource: ['$request.querystring.token'],
      JwtConfiguration: { Issuer: issuer, Audience: ['shop'] },
    }),
    Proxy: of('Integration', {
      IntegrationType: 'HTTP_PROXY',
      IntegrationMethod: 'GET',
      IntegrationUri: `${issuer}/backend/{proxy}`,
      PayloadFormatVersion: '1.0',
      RequestParameters: { 'remove:querystring.token': "''" },
      ResponseParameters: {
        '404': { ResponseParameters: [{ Destination: 'overwrite:statuscode', Source: '203' }] },
      },
    }),
    ProxyRoute: of('Route', {
      RouteKey: 'GET /{proxy+}',
      AuthorizationType: 'JWT',
      AuthorizerId: { Ref: 'PlainAuthorizer' },
      Target: { 'Fn::Sub': 'integrations/${Proxy}' },
    }),
    PlainStage: of('Stage', { StageName: '$default', AutoDeploy: true, StageVariables: { n: 1 } }),
    PlainModel: of('Model', { Name: 'Pet', Schema: { type: 'object' } }),
    Link: { Type: 'AWS::ApiGatewayV2::VpcLink', Properties: { Name: 'l', SubnetIds: ['subnet-1'] } },
    PlainMapping: {
      Type: 'AWS::ApiGatewayV2::ApiMapping',
      DependsOn: 'PlainStage',
      Properties: {
        DomainName: DOMAIN,
        ApiId: { Ref: 'Plain' },
        Stage: { Ref: 'PlainStage' },
        ApiMappingKey: 'plain',
      },
    },
  }
}

const Version = '2010-05-15'

async function deployed(name: string, body: object, action = 'CreateStack'): Promise<Record<string, string>> {
  const made = await query(on, 'cloudformation', {
    Action: action,
    Version,
    StackName: name,
    TemplateBody: JSON.stringify(body),
    'Capabilities.member.1': 'CAPABILITY_IAM',
    'Capabilities.member.2': 'CAPABILITY_AUTO_EXPAND',
  })
  assert.equal(made.status, 200, made.body)
  for (;;) {
    const answer = await query(on, 'cloudformation', { Action: 'DescribeStacks', Version, StackName: name })
    const status = element(answer, 'StackStatus') ?? ''
    if (status.endsWith('_IN_PROGRESS')) continue
    if (!/^(CREATE|UPDATE)_COMPLETE$/.test(status)) {
      const events = await query(on, 'cloudformation', {
        Action: 'DescribeStackEvents',
        Version,
        StackName: name,
      })
      assert.fail(
        `${status} ${[...events.body.matchAll(/<ResourceStatusReason>([^<]*)/g)].map(([, why]) => why).join('\n')}`,
      )
    }
    const found = /<OutputKey>(\w+)<\/OutputKey><OutputValue>([^<]*)<\/OutputValue>/g
    return Object.fromEntries(
      [...answer.body.matchAll(found)].map(([, key = '', value = '']) => [key, value]),
    )
  }
}

const get = (path: string, headers: Record<string, string> = {}, api = 'Id'): Promise<Answer> =>
  send(on, {
    method: 'GET',
    path,
    headers: { host: `${outputs[api]}.execute-api.localhost:${on.port}`, ...headers },
  })

function token(claims: object = {}): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const now = Math.floor(Date.now() / 1_000)
  const all = { iss: issuer, aud: 'shop', sub: 'kim', exp: now + 600, iat: now, ...claims }
  const text = `${part({ alg: 'RS256', kid: 'k' })}.${part(all)}`
  return `${text}.${sign('RSA-SHA256', Buffer.from(text), pair.privateKey).toString('base64url')}`
}

const bodyOf = ({ status, body }: Answer): Record<string, unknown> => {
  assert.equal(status, 200, body)
  return JSON.parse(body) as Record<string, unknown>
}

test('the default authorizer takes tokens of an issuer on this machine, and scopes of a route', async () => {
  assert.equal((await get('/token')).status, 401)
  assert.equal((await get('/token', { authorization: `Bearer ${token()}x` })).status, 401)
  const found = bodyOf(await get('/token', { authorization: `Bearer ${token()}` }))
  assert.equal((found['authorizer'] as { jwt: { claims: { sub: string } } }).jwt.claims.sub, 'kim')
  assert.deepEqual(found['variables'], { color: 'red' })
  assert.equal((await get('/scoped', { authorization: token() })).status, 403)
  assert.equal((await get('/scoped', { authorization: token({ scope: 'admin' }) })).status, 200)
})

test('an issuer that hangs is asked once, refuses those who wait for it, and holds nobody else up', async () => {
  const authorization = token({ iss: `${issuer}/hangs` })
  const waiting = Array.from({ length: 10 }, () => get('/hanging', { authorization }))
  assert.equal((await get('/open')).status, 200)
  for (const answer of await Promise.all(waiting)) {
    assert.equal(answer.status, 401)
    assert.match(String(answer.headers['www-authenticate']), /OIDC discovery endpoint communication error/)
  }
  assert.equal(hanging, 1)
  assert.ok(on.alive())
})

test('a function authorises and is asked once for the same word', async () => {
  assert.equal((await get('/own')).status, 401)
  assert.equal((await get('/own', { 'x-word': 'abracadabra' })).status, 403)
  const [first, second] = [
    await get('/own', { 'x-word': 'sesame' }),
    await get('/own', { 'x-word': 'sesame' }),
  ]
  assert.deepEqual(bodyOf(first)['authorizer'], bodyOf(second)['authorizer'])
})

test('AWS_IAM, routes without an authorizer, and CORS', async () => {
  assert.deepEqual([(await get('/signed')).status, (await get('/open')).status], [403, 200])
  const signed = bodyOf(await get('/signed', { authorization: signature('execute-api') }))
  assert.equal((signed['authorizer'] as { iam: { accessKey: string } }).iam.accessKey, '000000000000')
  const cors = await get('/open', { origin: 'http://localhost:3000' })
  assert.equal(cors.headers['access-control-allow-origin'], 'http://localhost:3000')
})

test('a throttled route answers 429, others go on', async () => {
  assert.deepEqual(
    [(await get('/limited')).status, (await get('/limited')).status, (await get('/open')).status],
    [200, 429, 200],
  )
})

test('access log lines come to the group that the template names', async () => {
  const list = async (): Promise<string[]> => {
    const groups = JSON.parse((await json(on, 'logs.DescribeLogGroups', {})).body) as {
      logGroups: { logGroupName: string }[]
    }
    const group = groups.logGroups.find(({ logGroupName }) => logGroupName.includes('Access'))
    const found = await json(on, 'logs.FilterLogEvents', { logGroupName: group?.logGroupName })
    return (JSON.parse(found.body) as { events: { message: string }[] }).events.map(({ message }) => message)
  }
  await get('/token', { authorization: token({ sub: 'logged' }) })
  await get('/token')
  for (let lines = await list(); ; lines = await list()) {
    if (!lines.includes('GET /token 200 logged')) continue
    if (lines.includes('GET /token 401 -')) break
  }
})

test('resources without SAM: a token in the query, an HTTP backend, a changed status', async () => {
  assert.equal((await get('/a/b', {}, 'Plain')).status, 401)
  const found = await get(`/a%20b/c?token=${token()}&q=1`, {}, 'Plain')
  assert.deepEqual([found.status, found.body], [203, '{"path":"/backend/a%20b/c?q=1"}'])
})

test('GetApiMappings and GetDomainName show what the template made', async () => {
  const domain = await rest(on, `apigateway GET /v2/domainnames/${DOMAIN}`)
  const { domainNameConfigurations } = JSON.parse(domain.body) as {
    domainNameConfigurations: { endpointType: string }[]
  }
  assert.equal(domainNameConfigurations[0]?.endpointType, 'REGIONAL')
  const mappings = await rest(on, `apigateway GET /v2/domainnames/${DOMAIN}/apimappings`)
  const { items } = JSON.parse(mappings.body) as { items: { apiMappingKey: string }[] }
  assert.deepEqual(items.map(({ apiMappingKey }) => apiMappingKey).sort(), ['plain', 'v1'])
})

test('an update takes throttle, variables and logs away again, and deletion leaves nothing', async () => {
  const changed = template() as { Resources: { Api: { Properties: Record<string, unknown> } } }
  for (const name of ['DefaultRouteSettings', 'RouteSettings', 'StageVariables', 'AccessLogSettings'])
    delete changed.Resources.Api.Properties[name]
  await deployed('shop', changed, 'UpdateStack')
  assert.deepEqual([(await get('/limited')).status, (await get('/limited')).status], [200, 200])
  assert.equal(bodyOf(await get('/open'))['variables'], null)
  const stage = await rest(on, `apigateway GET /v2/apis/${outputs['Id']}/stages/%24default`)
  const { accessLogSettings, defaultRouteSettings } = JSON.parse(stage.body) as Record<string, object>
  assert.equal(accessLogSettings, undefined)
  assert.deepEqual(defaultRouteSettings, {
    detailedMetricsEnabled: false,
    throttlingBurstLimit: 5_000,
    throttlingRateLimit: 10_000,
  })
  await query(on, 'cloudformation', { Action: 'DeleteStack', Version, StackName: 'shop' })
  for (;;) {
    const gone = await query(on, 'cloudformation', { Action: 'DescribeStacks', Version, StackName: 'shop' })
    if (gone.status !== 200) break
    assert.notEqual(element(gone, 'StackStatus'), 'DELETE_FAILED')
  }
  for (const path of ['/v2/apis', '/v2/domainnames', '/v2/vpclinks'] as const) {
    const left = JSON.parse((await rest(on, `apigateway GET ${path}`)).body) as { items: unknown[] }
    assert.deepEqual(left.items, [], path)
  }
})
