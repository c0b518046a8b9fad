/** The application in `fixtures/sam-app`, deployed by one client or another: a copy to change, and what it must answer. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { element, query, rest, send } from '../support/aws.ts'
import type { Platform } from '../support/platform.ts'

const APPLICATION = fileURLToPath(new URL('fixtures/sam-app', import.meta.url))

/** A folder of its own; whoever takes it removes it. */
export function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), 'wt-application-'))
  cpSync(APPLICATION, folder, { recursive: true })
  return folder
}

/** Another answer of the Node function. */
export function edit(folder: string, from: string, to: string): void {
  const path = join(folder, 'node', 'app.mjs')
  const source = readFileSync(path, 'utf8')
  assert.ok(source.includes(from))
  writeFileSync(path, source.replace(from, to))
}

export async function outputs(on: Platform, stack: string): Promise<Record<string, string>> {
  const answer = await query(on, 'cloudformation', {
    Action: 'DescribeStacks',
    Version: '2010-05-15',
    StackName: stack,
  })
  assert.match(
    element(answer, 'StackStatus') ?? '',
    /^(CREATE|UPDATE|UPDATE_ROLLBACK)_COMPLETE$/,
    answer.body,
  )
  const found = /<OutputKey>(\w+)<\/OutputKey><OutputValue>([^<]*)<\/OutputValue>/g
  return Object.fromEntries([...answer.body.matchAll(found)].map(([, key, value]) => [key, value]))
}

interface Said {
  readonly says: string
  readonly payload: string | null
  readonly object: string
  readonly account: string
}

async function said(on: Platform, host: string, path: string): Promise<Said> {
  const answer = await send(on, {
    method: 'GET',
    path,
    headers: { host: `${host}.execute-api.localhost:${on.port}` },
  })
  assert.equal(answer.status, 200, answer.body)
  assert.match(String(answer.headers['content-type']), /^application\/json/)
  return JSON.parse(answer.body) as Said
}

/** Both functions behind both kinds of API, each with the SDK that its runtime brings. */
export async function answersAs(on: Platform, stack: string, node: string, python: string): Promise<void> {
  const { RestApi = '', HttpApi = '' } = await outputs(on, stack)
  for (const [language, says] of [
    ['node', node],
    ['python', python],
  ] as const) {
    const object = `written by ${language}`
    const behindRest = await said(on, RestApi, `/Prod/${language}`)
    assert.deepEqual(
      { ...behindRest, arn: '' },
      { says, payload: null, object, account: '000000000000', arn: '' },
    )
    const behindHttp = await said(on, HttpApi, `/${language}`)
    assert.deepEqual(
      { ...behindHttp, arn: '' },
      { says, payload: '2.0', object, account: '000000000000', arn: '' },
    )
  }
}

/** CloudFormation deletes no bucket that holds objects. */
export async function emptied(on: Platform, stack: string): Promise<void> {
  const answer = await query(on, 'cloudformation', {
    Action: 'DescribeStackResource',
    Version: '2010-05-15',
    StackName: stack,
    LogicalResourceId: 'Bucket',
  })
  const bucket = element(answer, 'PhysicalResourceId') ?? ''
  for (const key of ['node.txt', 'python.txt'])
    assert.equal((await rest(on, `s3 DELETE /${bucket}/${key}`)).status, 204)
}
