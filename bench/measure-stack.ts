/** A stack of two hundred resources through CloudFormation's own API: made, changed in one resource, and deleted. */
import { type Beside, type Figure, type Row, type Settings } from './figure.ts'
import { headersOf } from './load.ts'
import { PlatformUnderTest, until } from './platform.ts'

const NOTHING: Beside = {
  kind: 'skipped',
  name: 'floor',
  reason: 'AWS needs minutes for such a stack; nothing that runs here does the same work',
}

/** Kinds of resources as applications have them: two functions in ten, each with a role, beside queues and topics. */
function templateOf(count: number, description: string): string {
  const resources: Record<string, unknown> = {}
  for (let i = 0; i < count / 5; i++) {
    resources[`Role${i}`] = {
      Type: 'AWS::IAM::Role',
      Properties: {
        AssumeRolePolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            { Effect: 'Allow', Principal: { Service: 'lambda.amazonaws.com' }, Action: 'sts:AssumeRole' },
          ],
        },
      },
    }
    resources[`Function${i}`] = {
      Type: 'AWS::Lambda::Function',
      Properties: {
        Runtime: 'nodejs24.x',
        Handler: 'index.handler',
        Description: i === 0 ? description : '',
        Role: { 'Fn::GetAtt': [`Role${i}`, 'Arn'] },
        Code: { ZipFile: `exports.handler = async () => ${i}` },
        Environment: { Variables: { QUEUE: { Ref: `Queue${i}` } } },
      },
    }
    resources[`Queue${i}`] = { Type: 'AWS::SQS::Queue', Properties: { VisibilityTimeout: 60 } }
    resources[`Topic${i}`] = { Type: 'AWS::SNS::Topic' }
    resources[`Logs${i}`] = { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 7 } }
  }
  return JSON.stringify({ Resources: resources })
}

async function call(platform: PlatformUnderTest, parameters: Record<string, string>): Promise<string> {
  const body = new URLSearchParams({ Version: '2010-05-15', StackName: 'big', ...parameters })
  const answer = await fetch(platform.url, {
    method: 'POST',
    headers: { ...headersOf('cloudformation'), 'Content-Type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
  })
  return await answer.text()
}

async function timed(
  platform: PlatformUnderTest,
  parameters: Record<string, string>,
  wanted: RegExp,
): Promise<number> {
  const startedAt = performance.now()
  const answer = await call(platform, parameters)
  if (/<Error>/.test(answer)) throw new Error(answer)
  await until(`the stack is ${wanted.source}`, async () => {
    const found = await call(platform, { Action: 'DescribeStacks' })
    if (/ROLLBACK|FAILED/.test(found)) throw new Error(found)
    return wanted.test(found)
  })
  return (performance.now() - startedAt) / 1_000
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const count = settings.quick ? 10 : 200
  const platform = await PlatformUnderTest.start(settings)
  try {
    const may = { 'Capabilities.member.1': 'CAPABILITY_IAM' }
    const template = (description: string): Record<string, string> => ({
      TemplateBody: templateOf(count, description),
      ...may,
    })
    const made = await timed(platform, { Action: 'CreateStack', ...template('one') }, /CREATE_COMPLETE/)
    const changed = await timed(platform, { Action: 'UpdateStack', ...template('two') }, /UPDATE_COMPLETE</)
    const deleted = await timed(platform, { Action: 'DeleteStack' }, /does not exist/)
    const row = (what: string, value: number): Row => ({
      figure: `a stack of ${count} resources ${what}`,
      unit: 's',
      ours: [value],
      beside: NOTHING,
      target: undefined,
    })
    return [row('created', made), row('updated in one of them', changed), row('deleted', deleted)]
  } finally {
    await platform.stop()
  }
}

export const stack: Figure = { name: 'stack', measure }
