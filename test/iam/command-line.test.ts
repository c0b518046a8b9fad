/** The command line on a platform with `--enforce-iam`: what it deploys, calls and loads is signed, by whom the environment says. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Ran, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

let to: Platform
let folder: string

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: { FunctionName: hello, CodeUri: code/, Handler: index.handler, Runtime: nodejs24.x }
  Jobs: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs } }
  Callers:
    Type: AWS::IAM::Group
    Properties:
      Policies:
        - PolicyName: call
          PolicyDocument:
            Version: '2012-10-17'
            Statement: [{ Effect: Allow, Action: 'lambda:InvokeFunction', Resource: !GetAtt Hello.Arn }]
  Ann: { Type: AWS::IAM::User, Properties: { Groups: [!Ref Callers] } }
  AnnKey: { Type: AWS::IAM::AccessKey, Properties: { UserName: !Ref Ann } }
  Eve: { Type: AWS::IAM::User }
  EveKey: { Type: AWS::IAM::AccessKey, Properties: { UserName: !Ref Eve } }
Outputs:
  AnnKey: { Value: !Ref AnnKey }
  AnnSecret: { Value: !GetAtt AnnKey.SecretAccessKey }
  EveKey: { Value: !Ref EveKey }
  EveSecret: { Value: !GetAtt EveKey.SecretAccessKey }
`

const FLIGHT = `
name: enforced
template: template.yaml
load: [{ constant: { rate: 10, duration: 1s } }]
targets: [{ function: hello, payload: {} }, { queue: jobs, body: 'x', attributes: { kind: a } }]
budgets: [errors < 1 %]
`

type Environment = Readonly<Record<string, string>>

const command = (words: readonly string[], env: Environment = {}): Promise<Ran> =>
  windtunnel([...words, '--endpoint', to.url, '--json'], {
    env: {
      AWS_ACCESS_KEY_ID: undefined,
      AWS_SECRET_ACCESS_KEY: undefined,
      AWS_SESSION_TOKEN: undefined,
      WINDTUNNEL_CACHE: join(folder, 'cache'),
      ...env,
    },
  })

before(async () => {
  to = await platform(['--memory', '--enforce-iam'])
  folder = mkdtempSync(join(tmpdir(), 'windtunnel-enforced-'))
  mkdirSync(join(folder, 'code'))
  writeFileSync(join(folder, 'code/index.mjs'), 'export const handler = async () => "called"')
  writeFileSync(join(folder, 'template.yaml'), TEMPLATE)
  writeFileSync(join(folder, 'flight.yaml'), FLIGHT)
})
after(async () => {
  await to.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('deploy, invoke and load sign as the root, or as the user whose keys the environment has', async () => {
  const deployed = await command(['deploy', folder, '--stack', 'app', '--no-build'])
  assert.equal(deployed.code, 0, deployed.err)
  const outputs = await outputsOf('app')
  const keys = (user: string): Environment => ({
    AWS_ACCESS_KEY_ID: outputs[`${user}Key`] ?? '',
    AWS_SECRET_ACCESS_KEY: outputs[`${user}Secret`] ?? '',
  })
  const call = (env?: Environment): Promise<Ran> => command(['invoke', 'hello'], env)
  for (const env of [{}, { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' }, keys('Ann')]) {
    const answer = await call(env)
    assert.equal(answer.code, 0, answer.err)
    assert.match(answer.out, /called/)
  }
  const wrong = await call({ ...keys('Ann'), AWS_SECRET_ACCESS_KEY: 'wrong' })
  assert.notEqual(wrong.code, 0)
  assert.match(wrong.out + wrong.err, /InvalidSignatureException/)
  const eve = await call(keys('Eve'))
  assert.match(eve.out + eve.err, /user\/app-Eve-\w+ is not authorized to perform: lambda:InvokeFunction/)
  const loaded = await command(['load', join(folder, 'flight.yaml')])
  assert.equal(loaded.code, 0, loaded.err + loaded.out)
  assert.ok(to.alive())
})

async function outputsOf(stack: string): Promise<Readonly<Record<string, string>>> {
  const response = await fetch(`${to.url}/_windtunnel/api/cloudformation/DescribeStacks`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ StackName: stack }),
  })
  const answer = (await response.json()) as {
    Stacks: { Outputs: { OutputKey: string; OutputValue: string }[] }[]
  }
  return Object.fromEntries(
    answer.Stacks[0]?.Outputs.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]) ?? [],
  )
}
