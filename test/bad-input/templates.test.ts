/**
 * Templates that cannot be deployed: through the API in AWS's words, on the command line with the file and the line.
 * A refused template makes no stack.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { errorOf, query } from '../support/aws.ts'
import { type Ran, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-templates-'))
  on = await platform()
})
after(async () => {
  rmSync(folder, { recursive: true, force: true })
  assert.equal(on.stderr(), '')
  assert.equal(await on.stop(), 0)
})

const API = { Version: '2010-05-15' }

/** The refusal of a template; no stack is left of it. */
async function refusal(template: unknown, more: Readonly<Record<string, string>> = {}): Promise<string> {
  const answer = await query(on, 'cloudformation', {
    ...API,
    Action: 'CreateStack',
    StackName: 'refused',
    TemplateBody: typeof template === 'string' ? template : JSON.stringify(template),
    ...more,
  })
  const { status, code, message } = errorOf(answer)
  assert.equal(status, 400, answer.body)
  assert.equal(code, 'ValidationError')
  const described = await query(on, 'cloudformation', {
    ...API,
    Action: 'DescribeStacks',
    StackName: 'refused',
  })
  assert.equal(errorOf(described).message, 'Stack with id refused does not exist')
  return message
}

const GROUP = { Type: 'AWS::Logs::LogGroup' }
const named = (value: unknown): unknown => ({ ...GROUP, Properties: { LogGroupName: value } })

test('a template with a cycle is refused with the members of the cycle', async () => {
  assert.equal(
    await refusal({
      Resources: { A: { ...GROUP, DependsOn: 'B' }, B: { ...GROUP, DependsOn: 'A' }, C: GROUP },
    }),
    'Circular dependency between resources: [A, B]',
  )
  const self = { Resources: { A: named({ Ref: 'A' }) } }
  assert.equal(await refusal(self), 'Circular dependency between resources: [A]')
})

test('a resource type that AWS does not have, and one that we do not have yet, are refused by name', async () => {
  assert.equal(
    await refusal({ Resources: { A: { Type: 'AWS::Frob::Nicate' } } }),
    'Template format error: Unrecognized resource types: [AWS::Frob::Nicate]',
  )
  assert.equal(
    await refusal({ Resources: { F: { Type: 'AWS::Serverless::Function' } } }),
    'Template format error: Unrecognized resource types: [AWS::Serverless::Function]',
  )
  assert.match(
    await refusal({ Resources: { Net: { Type: 'AWS::EC2::VPC' } } }),
    /does not deploy AWS::EC2::VPC yet \(resource Net\)/,
  )
})

test('parameters that are missing, unknown or not allowed are refused by name', async () => {
  const template = {
    Parameters: { Stage: { Type: 'String', AllowedValues: ['test'] } },
    Resources: { A: GROUP },
  }
  assert.equal(await refusal(template), 'Parameters: [Stage] must have values')
  const given = (key: string, value: string): Record<string, string> => ({
    'Parameters.member.1.ParameterKey': key,
    'Parameters.member.1.ParameterValue': value,
  })
  assert.equal(
    await refusal(template, given('Stage', 'live')),
    "Parameter 'Stage' must be one of AllowedValues",
  )
  assert.equal(
    await refusal({ Resources: { A: GROUP } }, given('Stage', 'test')),
    'Parameters: [Stage] do not exist in the template',
  )
})

test('references to nothing are refused by name', async () => {
  const unresolved =
    'Template format error: Unresolved resource dependencies [Nope] in the Resources block of the template'
  assert.equal(await refusal({ Resources: { A: named({ Ref: 'Nope' }) } }), unresolved)
  assert.equal(await refusal({ Resources: { A: named({ 'Fn::Sub': 'x${Nope}' }) } }), unresolved)
  assert.equal(
    await refusal({ Resources: { A: named({ 'Fn::GetAtt': ['Nope', 'Arn'] }) } }),
    'Template error: instance of Fn::GetAtt references undefined resource Nope',
  )
})

test('texts that are no template are refused with the place', async () => {
  assert.match(
    await refusal('a: [b'),
    /^Template format error: YAML not well-formed\. \(line 1, column \d+\)$/,
  )
  assert.match(await refusal('Resources:\n\tA: 1'), /\(line 2, column 1\)$/)
  assert.match(await refusal('{"Resources": {'), /^Template format error: /)
  assert.equal(await refusal(' '), 'Template format error: unsupported structure.')
  assert.equal(await refusal({}), 'Template format error: At least one Resources member must be defined.')
  await refusal('['.repeat(20_000))
})

test('aliases that unfold to millions of values are refused at once', async () => {
  const levels = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h']
  const lines = levels.map((name, index) => {
    const before = levels[index - 1]
    return `${name}: &${name} [${Array.from({ length: 9 }, () => (before === undefined ? 'x' : `*${before}`)).join(',')}]`
  })
  const begun = performance.now()
  const bomb = `${lines.join('\n')}\nResources: {A: {Type: "AWS::Logs::LogGroup", Properties: {LogGroupName: *h}}}`
  assert.match(await refusal(bomb), /^Template format error: /)
  assert.ok(performance.now() - begun < 5_000)
})

test('a resource that the service refuses rolls the stack back, and the events name it', async () => {
  const template = { Resources: { Good: GROUP, Bad: { ...GROUP, Properties: { RetentionInDays: 'often' } } } }
  const created = await query(on, 'cloudformation', {
    ...API,
    Action: 'CreateStack',
    StackName: 'half',
    TemplateBody: JSON.stringify(template),
  })
  assert.equal(created.status, 200)
  for (;;) {
    const { body } = await query(on, 'cloudformation', {
      ...API,
      Action: 'DescribeStacks',
      StackName: 'half',
    })
    if (body.includes('<StackStatus>ROLLBACK_COMPLETE<')) break
    assert.match(body, /<StackStatus>(CREATE|ROLLBACK)_IN_PROGRESS</)
    await new Promise((resume) => setTimeout(resume, 20))
  }
  const events = await query(on, 'cloudformation', {
    ...API,
    Action: 'DescribeStackEvents',
    StackName: 'half',
  })
  assert.match(events.body, /<LogicalResourceId>Bad<.*?CREATE_FAILED/s)
})

async function deployed(template: string): Promise<Ran> {
  writeFileSync(join(folder, 'template.yaml'), template)
  return await windtunnel(['deploy', folder, '--endpoint', on.url])
}

test('deploy names the file, the line and what to do when a template is wrong', async () => {
  const path = join(folder, 'template.yaml')
  const torn = await deployed('Resources:\n  A:\n    Type: AWS::Logs::LogGroup\n    Properties: {x: 1\n')
  assert.equal(torn.code, 2)
  assert.match(torn.err, new RegExp(`YAML not well-formed.*\n  in   ${path}:\\d\n  next `))
  const cycle = await deployed(
    'Resources:\n  A:\n    Type: AWS::Logs::LogGroup\n    DependsOn: B\n  B:\n    Type: AWS::Logs::LogGroup\n    DependsOn: A\n',
  )
  assert.equal(cycle.code, 1)
  assert.match(
    cycle.err,
    new RegExp(`Circular dependency between resources: \\[A, B\\]\n  in   ${path}:2\n  next `),
  )
  const missing = await deployed(
    'Parameters:\n  Stage: {Type: String}\nResources:\n  A: {Type: AWS::Logs::LogGroup}\n',
  )
  assert.equal(missing.code, 1)
  assert.match(missing.err, new RegExp(`Parameters: \\[Stage\\] must have values\n  in   ${path}:2\n  next `))
  const unknown = await deployed('Resources:\n  A:\n    Type: AWS::Logs::LogGrup\n')
  assert.equal(unknown.code, 1)
  assert.match(
    unknown.err,
    new RegExp(`Unrecognized resource types: \\[AWS::Logs::LogGrup\\]\n  in   ${path}:2\n`),
  )
  const nowhere = await deployed(
    'Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: nowhere/, Handler: a.b, Runtime: nodejs24.x}\n',
  )
  assert.equal(nowhere.code, 3)
  assert.match(nowhere.err, /The code of a function is not there\.\n {2}in {3}\S+nowhere\n {2}next /)
})

test('a deployment that fails blames its own failure, not one of a deployment before', async () => {
  const group = (days: number | string): string =>
    `Resources:\n  Group:\n    Type: AWS::Logs::LogGroup\n    Properties: { RetentionInDays: ${days} }\n`
  const bucket = '  Bucket:\n    Type: AWS::S3::Bucket\n    Properties: { BucketName: Not_A_Bucket }\n'
  assert.equal((await deployed(group(7))).code, 0)
  const first = await deployed(`${group(7)}${bucket}`)
  assert.equal(first.code, 1)
  assert.match(first.err, /\nerror {2}Bucket: /)
  const second = await deployed(group(8))
  assert.equal(second.code, 1)
  assert.match(second.err, /\nerror {2}Group: /)
  assert.doesNotMatch(second.err, /Bucket/)
})

test('invoke of a function that is not there says so in words', async () => {
  const ran = await windtunnel(['invoke', 'nope', '--endpoint', on.url])
  assert.notEqual(ran.code, 0)
  assert.match(ran.err, /^error {2}There is no such function\.\n {2}in {3}nope\n {2}next /)
})
