/** Parameters over HTTP, through a kill of the platform; and that no secret of theirs stands in a file. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Answer, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

const SECRET = 'a secret that is written nowhere'

async function ssm(on: Platform, operation: string, input: unknown, region = 'us-east-1'): Promise<Answer> {
  return await send(on, {
    service: 'ssm',
    region,
    headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `AmazonSSM.${operation}` },
    body: JSON.stringify(input),
  })
}

async function value(on: Platform, name: string, region?: string): Promise<unknown> {
  const answer = await ssm(on, 'GetParameter', { Name: name, WithDecryption: true }, region)
  const body = JSON.parse(answer.body) as { Parameter?: { Value: string }; __type?: string }
  return body.Parameter?.Value ?? body.__type
}

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
}

test('Parameters outlive a kill of the platform, sealed where they are secret', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'wt-ssm-'))
  try {
    const first = await platform(['--data', folder])
    for (const [name, type, text] of [
      ['/app/plain', 'String', 'one'],
      ['/app/secret', 'SecureString', SECRET],
    ])
      assert.equal((await ssm(first, 'PutParameter', { Name: name, Type: type, Value: text })).status, 200)
    const over = { Name: '/app/plain', Value: 'two', Overwrite: true }
    assert.match((await ssm(first, 'PutParameter', over)).body, /"Version":2/)
    await ssm(first, 'LabelParameterVersion', { Name: '/app/plain', ParameterVersion: 1, Labels: ['old'] })
    await ssm(first, 'PutParameter', { Name: '/app/plain', Type: 'String', Value: 'west' }, 'us-west-2')
    await first.kill()
    for (const file of filesBelow(folder))
      assert.ok(!readFileSync(file).includes(SECRET), `${file} has the secret`)
    const second = await platform(['--data', folder])
    assert.equal(await value(second, '/app/plain'), 'two')
    assert.equal(await value(second, '/app/plain:old'), 'one')
    assert.equal(await value(second, '/app/secret'), SECRET)
    assert.equal(await value(second, '/app/plain', 'us-west-2'), 'west')
    assert.equal(await value(second, '/app/secret', 'us-west-2'), 'ParameterNotFound')
    assert.equal(await second.stop(), 0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('Bad input is answered as AWS answers it, and what is not written says so', async () => {
  const on = await platform()
  const code = async (operation: string, input: unknown): Promise<unknown> =>
    (JSON.parse((await ssm(on, operation, input)).body) as { __type?: string }).__type
  assert.equal(
    await code('PutParameter', { Name: '/aws/x', Type: 'String', Value: 'v' }),
    'ValidationException',
  )
  assert.equal(await code('PutParameter', { Name: '/x', Type: 'Text', Value: 'v' }), 'ValidationException')
  assert.equal(await code('GetParameters', { Names: [] }), 'ValidationException')
  assert.equal(await code('GetParametersByPath', { Path: '/', MaxResults: 11 }), 'ValidationException')
  assert.match(String(await code('SendCommand', { DocumentName: 'x' })), /NotImplemented/)
  assert.ok(on.alive())
  assert.equal(await on.stop(), 0)
})
