/**
 * The CDK, unmodified: its environment bootstrapped, an application of it deployed, changed, compared and destroyed. The
 * application has what the CDK makes of a few lines: assets, a nested stack, a custom resource, SSM parameters.
 */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { element, query, send } from '../support/aws.ts'
import { clientEnv } from '../support/clients.ts'
import { type Ran, run } from '../support/command.ts'
import { npmClient } from '../support/npm-client.ts'
import { type Platform, platform } from '../support/platform.ts'
import { outputs } from './application.ts'

const APPLICATION = fileURLToPath(new URL('fixtures/cdk-app', import.meta.url))
const cdk = await npmClient('cdk', ['aws-cdk@2.1148.1', 'aws-cdk-lib@2.276.0', 'constructs@10.8.1'])
const skip = cdk.kind === 'missing' ? cdk.reason : false

let on: Platform
let folder: string
before(async () => {
  if (cdk.kind === 'missing') return
  folder = mkdtempSync(join(tmpdir(), 'wt-cdk-'))
  cpSync(APPLICATION, folder, { recursive: true })
  symlinkSync(join(cdk.folder, 'node_modules'), join(folder, 'node_modules'))
  writeFileSync(join(folder, 'package.json'), '{"private":true,"type":"module"}\n')
  writeFileSync(join(folder, 'cdk.json'), JSON.stringify({ app: `${process.execPath} app.ts` }))
  on = await platform()
})
after(async () => {
  if (cdk.kind === 'missing') return
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

/** A command of the CDK, to its end. */
async function cdkRun(...words: string[]): Promise<Ran> {
  const program = join(folder, 'node_modules', 'aws-cdk', 'bin', 'cdk')
  const env = { ...clientEnv(on, folder), CI: '1', CDK_DISABLE_CLI_TELEMETRY: 'true' }
  return await run(process.execPath, [program, ...words], { cwd: folder, env, limitMs: 240_000 })
}

function worked({ code, out, err }: Ran): string {
  assert.equal(code, 0, `${out}${err}`)
  return `${out}${err}`
}

async function ssm(operation: string, input: unknown): Promise<string> {
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    'x-amz-target': `AmazonSSM.${operation}`,
  }
  return (await send(on, { service: 'ssm', headers, body: JSON.stringify(input) })).body
}

async function status(stack: string): Promise<string | undefined> {
  const fields = { Action: 'DescribeStacks', Version: '2010-05-15', StackName: stack }
  return element(await query(on, 'cloudformation', fields), 'StackStatus')
}

const deploy = async (greeting: string): Promise<string> =>
  worked(await cdkRun('deploy', '--require-approval', 'never', '-c', `greeting=${greeting}`))

async function answer(): Promise<string> {
  const { ApiId = '' } = await outputs(on, 'ByCdk')
  const host = `${ApiId}.execute-api.localhost:${on.port}`
  return (await send(on, { method: 'GET', path: '/prod/', headers: { host } })).body
}

test('cdk bootstrap, deploy, diff and destroy work', { skip }, async () => {
  worked(await cdkRun('bootstrap', 'aws://000000000000/us-east-1'))
  assert.equal(await status('CDKToolkit'), 'CREATE_COMPLETE')
  assert.match(await ssm('GetParameter', { Name: '/cdk-bootstrap/hnb659fds/version' }), /"Value":"\d+"/)
  const unready = await cdkRun('deploy', '--require-approval', 'never')
  assert.notEqual(unready.code, 0)
  assert.match(`${unready.out}${unready.err}`, /Unable to fetch parameters \[\/given\/before\]/)
  await ssm('PutParameter', { Name: '/given/before', Type: 'String', Value: 'welcome' })
  await deploy('hello')
  assert.equal(await answer(), 'hello and welcome from the CDK')
  assert.match(worked(await cdkRun('diff', '-c', 'greeting=hello')), /There were no differences/)
  await deploy('bye')
  assert.equal(await answer(), 'bye and welcome from the CDK')
  const { BucketName = '' } = await outputs(on, 'ByCdk')
  worked(await cdkRun('destroy', '--force'))
  assert.equal(await status('ByCdk'), undefined)
  const bucket = await send(on, { service: 's3', method: 'HEAD', path: `/${BucketName}` })
  assert.equal(bucket.status, 404)
})
