/**
 * One application deployed by the AWS CLI, by the SAM CLI and by ours: made, changed, left unchanged, failed and rolled
 * back, deleted. Its functions call S3 and STS through the unmodified SDKs of their runtimes.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { element, errorOf, query } from '../support/aws.ts'
import { ABSENT, client, clientEnv } from '../support/clients.ts'
import { type Ran, run, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'
import { answersAs, copied, edit, emptied } from './application.ts'

let on: Platform
let home: string
const folders: string[] = []
before(async () => {
  home = mkdtempSync(join(tmpdir(), 'wt-home-'))
  on = await platform()
})
after(async () => {
  assert.equal(await on.stop(), 0)
  for (const folder of [home, ...folders]) rmSync(folder, { recursive: true, force: true })
})

function application(): string {
  const folder = copied()
  folders.push(folder)
  return folder
}

const aws = client('aws')
const sam = client('sam')

async function ran(program: string, words: readonly string[], cwd: string): Promise<Ran> {
  return await run(program, words, { cwd, env: clientEnv(on, home), limitMs: 300_000 })
}

function worked({ code, out, err }: Ran): string {
  assert.equal(code, 0, `${out}${err}`)
  return out
}

async function status(stack: string): Promise<string> {
  const answer = await query(on, 'cloudformation', {
    Action: 'DescribeStacks',
    Version: '2010-05-15',
    StackName: stack,
  })
  return element(answer, 'StackStatus') ?? errorOf(answer).message
}

const NO_BUCKET = (template: string): string =>
  template.replace(
    'Type: AWS::S3::Bucket',
    'Type: AWS::S3::Bucket\n    Properties: { BucketName: Not_A_Bucket }',
  )

test('windtunnel deploy makes, updates and leaves alone what did not change', async () => {
  const folder = application()
  const deploy = ['deploy', folder, '--stack', 'ours', '--endpoint', on.url]
  const first = await windtunnel(deploy, { limitMs: 300_000 })
  assert.match(worked(first), /^deployed ours {3}\d+ resources/)
  assert.match(first.err, /CREATE_COMPLETE +ServerlessRestApi\n/)
  assert.match(first.out, /http:\/\/[a-z0-9]+\.execute-api\.localhost:\d+\/Prod\//)
  await answersAs(on, 'ours', 'hello from node', 'hello from python')
  assert.match(worked(await windtunnel(deploy)), /^unchanged ours/)
  edit(folder, 'from node', 'from changed node')
  worked(await windtunnel([...deploy, '--parameter', 'Greeting=bye']))
  await answersAs(on, 'ours', 'bye from changed node', 'bye from python')
  const template = join(folder, 'template.yaml')
  writeFileSync(template, NO_BUCKET(readFileSync(template, 'utf8')))
  const failing = await windtunnel(deploy)
  assert.equal(failing.code, 1)
  assert.match(failing.err, /error {2}Bucket: .*\n {2}in {3}.*\n {2}next /)
  assert.equal(await status('ours'), 'UPDATE_ROLLBACK_COMPLETE')
  await answersAs(on, 'ours', 'bye from changed node', 'bye from python')
})

test('aws cloudformation package and deploy work', { skip: aws === undefined ? ABSENT : false }, async () => {
  const folder = application()
  const cli = async (...words: string[]): Promise<Ran> => await ran(aws ?? '', words, folder)
  worked(await cli('s3', 'mb', 's3://packages'))
  const packaged = async (): Promise<void> => {
    const files = ['--template-file', 'template.yaml', '--output-template-file', 'packaged.yaml']
    worked(await cli('cloudformation', 'package', ...files, '--s3-bucket', 'packages'))
  }
  const names = [
    '--template-file',
    'packaged.yaml',
    '--stack-name',
    'by-aws',
    '--capabilities',
    'CAPABILITY_IAM',
  ]
  const deploy = async (...more: string[]): Promise<Ran> =>
    await cli('cloudformation', 'deploy', ...names, ...more)
  await packaged()
  assert.match(readFileSync(join(folder, 'packaged.yaml'), 'utf8'), /CodeUri: s3:\/\/packages\//)
  assert.match(worked(await deploy()), /Successfully created\/updated stack - by-aws/)
  await answersAs(on, 'by-aws', 'hello from node', 'hello from python')
  const unchanged = await deploy('--no-fail-on-empty-changeset')
  assert.match(`${worked(unchanged)}${unchanged.err}`, /No changes to deploy\. Stack by-aws is up to date/)
  edit(folder, 'from node', 'from changed node')
  await packaged()
  worked(await deploy('--parameter-overrides', 'Greeting=bye'))
  await answersAs(on, 'by-aws', 'bye from changed node', 'bye from python')
  const path = join(folder, 'packaged.yaml')
  writeFileSync(path, NO_BUCKET(readFileSync(path, 'utf8')))
  const failed = await deploy()
  assert.notEqual(failed.code, 0)
  assert.match(failed.err, /Failed to create\/update the stack/)
  assert.equal(await status('by-aws'), 'UPDATE_ROLLBACK_COMPLETE')
  await answersAs(on, 'by-aws', 'bye from changed node', 'bye from python')
  await emptied(on, 'by-aws')
  worked(await cli('cloudformation', 'delete-stack', '--stack-name', 'by-aws'))
  worked(await cli('cloudformation', 'wait', 'stack-delete-complete', '--stack-name', 'by-aws'))
  assert.equal(await status('by-aws'), 'Stack with id by-aws does not exist')
})

test(
  'sam deploy works, and sam remote invoke and sam delete',
  { skip: sam === undefined ? ABSENT : false },
  async () => {
    const folder = application()
    const cli = async (...words: string[]): Promise<Ran> => await ran(sam ?? '', words, folder)
    const quiet = ['--no-confirm-changeset', '--no-progressbar', '--capabilities', 'CAPABILITY_IAM']
    const deploy = async (...more: string[]): Promise<Ran> =>
      await cli('deploy', '--stack-name', 'by-sam', '--resolve-s3', ...quiet, ...more)
    assert.match(worked(await deploy()), /Successfully created\/updated stack - by-sam/)
    await answersAs(on, 'by-sam', 'hello from node', 'hello from python')
    const unchanged = await deploy()
    assert.notEqual(unchanged.code, 0)
    assert.match(unchanged.err, /No changes to deploy\. Stack by-sam is up to date/)
    edit(folder, 'from node', 'from changed node')
    worked(await deploy('--parameter-overrides', 'Greeting=bye'))
    await answersAs(on, 'by-sam', 'bye from changed node', 'bye from python')
    assert.match(
      worked(await cli('remote', 'invoke', 'Node', '--stack-name', 'by-sam')),
      /bye from changed node/,
    )
    await emptied(on, 'by-sam')
    worked(await cli('delete', '--stack-name', 'by-sam', '--no-prompts'))
    assert.equal(await status('by-sam'), 'Stack with id by-sam does not exist')
  },
)
