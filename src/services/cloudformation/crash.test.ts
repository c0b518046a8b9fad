/** A platform that dies after every single effect of a deployment, and goes on: the end is that of an undisturbed run. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  defects,
  fakeCall,
  type FakePlatform,
  fakePlatform,
  Life,
  settled,
} from '#services/cloudformation/fake-ports.ts'
import { cloudformation, resumeCloudFormation } from '#services/cloudformation/index.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const { operations: op } = cloudformation
const call = fakeCall()

type Resources = Record<string, Record<string, unknown>>

const method = (resource: unknown, httpMethod: string): Record<string, unknown> => ({
  Type: 'AWS::ApiGateway::Method',
  Properties: {
    RestApiId: { Ref: 'Rest' },
    ResourceId: resource,
    HttpMethod: httpMethod,
    AuthorizationType: 'NONE',
    Integration: { Type: 'AWS_PROXY', IntegrationHttpMethod: 'POST', Uri: 'arn:uri' },
  },
})

const REST: Resources = {
  Rest: { Type: 'AWS::ApiGateway::RestApi', Properties: { Name: 'rest' } },
  Items: {
    Type: 'AWS::ApiGateway::Resource',
    Properties: {
      RestApiId: { Ref: 'Rest' },
      ParentId: { 'Fn::GetAtt': ['Rest', 'RootResourceId'] },
      PathPart: 'items',
    },
  },
  Get: method({ Ref: 'Items' }, 'GET'),
  Post: method({ Ref: 'Items' }, 'POST'),
  Deployment: {
    Type: 'AWS::ApiGateway::Deployment',
    DependsOn: ['Get', 'Post'],
    Properties: { RestApiId: { Ref: 'Rest' } },
  },
  Stage: {
    Type: 'AWS::ApiGateway::Stage',
    Properties: { RestApiId: { Ref: 'Rest' }, DeploymentId: { Ref: 'Deployment' }, StageName: 'prod' },
  },
}

const integration = (uri: string): Record<string, unknown> => ({
  Type: 'AWS::ApiGatewayV2::Integration',
  Properties: {
    ApiId: { Ref: 'Http' },
    IntegrationType: 'AWS_PROXY',
    IntegrationUri: uri,
    PayloadFormatVersion: '2.0',
  },
})

const route = (key: string, to: string): Record<string, unknown> => ({
  Type: 'AWS::ApiGatewayV2::Route',
  Properties: {
    ApiId: { Ref: 'Http' },
    RouteKey: key,
    Target: { 'Fn::Join': ['/', ['integrations', { Ref: to }]] },
  },
})

const HTTP: Resources = {
  Http: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'http', ProtocolType: 'HTTP' } },
  One: integration('arn:one'),
  Other: integration('arn:one'),
  GetOne: route('GET /one', 'One'),
  GetOther: route('GET /other', 'Other'),
  Live: {
    Type: 'AWS::ApiGatewayV2::Stage',
    Properties: { ApiId: { Ref: 'Http' }, StageName: '$default', AutoDeploy: true },
  },
}

const IMPORTED: Resources = {
  Imported: {
    Type: 'AWS::ApiGatewayV2::Api',
    Properties: { Body: { openapi: '3.0.1', info: { title: 'imported', version: '1' }, paths: {} } },
  },
  Role: {
    Type: 'AWS::IAM::Role',
    Properties: { AssumeRolePolicyDocument: { Version: '2012-10-17', Statement: [] } },
  },
  Policy: {
    Type: 'AWS::IAM::ManagedPolicy',
    Properties: { PolicyDocument: { Version: '2012-10-17', Statement: [] }, Roles: [{ Ref: 'Role' }] },
  },
  Group: { Type: 'AWS::Logs::LogGroup' },
}

const body = (resources: Resources): string => JSON.stringify({ Resources: resources })

/** Ids and random parts of names differ between runs; what there is and how it hangs together does not. */
function shapeOf({ cloud }: FakePlatform): string[] {
  const ids = [...cloud.made.keys()].flatMap((key) => key.match(/[a-z]+\d+/g) ?? [])
  const plain = (value: unknown): string => {
    let printed = JSON.stringify(value)
    for (const id of ids) printed = printed.replaceAll(id, id.replace(/\d+$/, '#'))
    return printed.replaceAll(/-[A-Z2-7]{12}/g, '-*').replaceAll(/stack\/app\/[0-9a-f-]{36}/g, 'stack')
  }
  return [...cloud.made].map((entry) => plain(entry)).toSorted()
}

async function resourcesIn(state: CloudFormationState): Promise<unknown[]> {
  const { StackResources: all = [] } = await op.DescribeStackResources({ StackName: 'app' }, state, call)
  return all
    .map(({ LogicalResourceId, ResourceStatus }) => `${LogicalResourceId} ${ResourceStatus}`)
    .toSorted()
}

const begin = async (state: CloudFormationState, first: boolean, resources: Resources): Promise<void> => {
  const input = { StackName: 'app', TemplateBody: body(resources), Capabilities: ['CAPABILITY_IAM'] as const }
  await (first ? op.CreateStack(input, state, call) : op.UpdateStack(input, state, call))
}

interface End {
  readonly status: string
  readonly made: string[]
  readonly resources: unknown[]
}

async function endOf(platform: FakePlatform, state: CloudFormationState): Promise<End> {
  const { Stacks: stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  return {
    status: stacks?.[0]?.StackStatus ?? 'none',
    made: shapeOf(platform),
    resources: await resourcesIn(state),
  }
}

/** Runs the last of these templates (the others before it, undisturbed) on a platform that dies after `effects`. */
async function run(templates: readonly Resources[], effects: number): Promise<{ end: End; died: boolean }> {
  const platform = fakePlatform()
  for (const [i, resources] of templates.slice(0, -1).entries()) {
    const state = platform.start()
    await begin(state, i === 0, resources)
    await settled(state)
  }
  const life = new Life(effects)
  const state = platform.start(life)
  const ended = life.end().then(() => true)
  const finished = begin(state, templates.length === 1, templates.at(-1) ?? {}).then(async () => {
    await settled(state)
    return false
  })
  const died = await Promise.race([ended, finished])
  const next = platform.start()
  if (died) {
    await resumeCloudFormation(next)
    await settled(next)
  }
  return { end: await endOf(platform, next), died }
}

async function survives(templates: readonly Resources[], status: string): Promise<void> {
  const { end: undisturbed } = await run(templates, Infinity)
  assert.equal(undisturbed.status, status)
  let deaths = 0
  // The first effect of a call writes the stack: before it, there is nothing to go on with.
  for (let effects = 1; ; effects++) {
    const { end, died } = await run(templates, effects)
    if (!died) break
    deaths++
    assert.deepEqual(end, undisturbed, `died after ${effects} effects`)
  }
  assert.ok(deaths > 10, `${deaths} deaths`)
  assert.deepEqual(defects, [])
}

test('a REST API part by part is made once, wherever the platform dies', async () => {
  await survives([REST], 'CREATE_COMPLETE')
})

test('an HTTP API part by part is made once, wherever the platform dies', async () => {
  await survives([HTTP], 'CREATE_COMPLETE')
})

test('an imported API, a role with its policy and a log group are made once, wherever the platform dies', async () => {
  await survives([IMPORTED], 'CREATE_COMPLETE')
})

test('an update that changes, replaces, adds and removes ends alike, wherever the platform dies', async () => {
  const { One: _, GetOne: __, ...others } = HTTP
  const after: Resources = {
    ...others,
    Http: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'renamed', ProtocolType: 'HTTP' } },
    GetOther: route('GET /moved', 'Third'),
    Third: integration('arn:three'),
    ...REST,
  }
  await survives([HTTP, after], 'UPDATE_COMPLETE')
  const moved: Resources = {
    ...REST,
    Items: {
      Type: 'AWS::ApiGateway::Resource',
      Properties: {
        RestApiId: { Ref: 'Rest' },
        ParentId: { 'Fn::GetAtt': ['Rest', 'RootResourceId'] },
        PathPart: 'things',
      },
    },
  }
  await survives([REST, moved], 'UPDATE_COMPLETE')
})

test('a failed update goes back to what was, wherever the platform dies', async () => {
  const broken: Resources = {
    ...HTTP,
    Http: { Type: 'AWS::ApiGatewayV2::Api', Properties: { Name: 'renamed', ProtocolType: 'HTTP' } },
    Third: integration('arn:three'),
    Bad: {
      Type: 'AWS::ApiGatewayV2::Route',
      DependsOn: ['Third', 'One'],
      Properties: { ApiId: { Ref: 'Http' }, RouteKey: 'GET /other', Target: 'integrations/none' },
    },
  }
  await survives([HTTP, broken], 'UPDATE_ROLLBACK_COMPLETE')
})
