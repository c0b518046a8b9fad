/** The Serverless Framework, in its fork under the MIT licence, unmodified: a service deployed, asked, changed and removed. */
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
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

const APPLICATION = fileURLToPath(new URL('fixtures/osls-app', import.meta.url))
const osls = await npmClient('osls', ['osls@4.3.1'])
const skip = osls.kind === 'missing' ? osls.reason : false

let on: Platform
let folder: string
before(async () => {
  if (osls.kind === 'missing') return
  folder = mkdtempSync(join(tmpdir(), 'wt-osls-'))
  cpSync(APPLICATION, folder, { recursive: true })
  on = await platform()
})
after(async () => {
  if (osls.kind === 'missing') return
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

async function framework(...words: string[]): Promise<Ran> {
  const program = osls.kind === 'there' ? join(osls.folder, 'node_modules', '.bin', 'osls') : ''
  const env = { ...clientEnv(on, folder), CI: '1', SLS_TELEMETRY_DISABLED: '1' }
  return await run(process.execPath, [program, ...words], { cwd: folder, env, limitMs: 240_000 })
}

function worked({ code, out, err }: Ran): string {
  assert.equal(code, 0, `${out}${err}`)
  return `${out}${err}`
}

async function greeting(): Promise<string> {
  const { HttpApiId = '' } = await outputs(on, 'by-osls-dev')
  const host = `${HttpApiId}.execute-api.localhost:${on.port}`
  return (await send(on, { method: 'GET', path: '/greet', headers: { host } })).body
}

test('osls deploy, info, invoke, logs and remove work', { skip }, async () => {
  assert.match(worked(await framework('deploy')), /Service deployed to stack by-osls-dev/)
  assert.equal(await greeting(), 'hello from the framework')
  assert.match(worked(await framework('info')), /greet: by-osls-dev-greet/)
  assert.match(worked(await framework('invoke', '-f', 'greet')), /hello from the framework/)
  assert.match(worked(await framework('deploy')), /No changes to deploy/)
  worked(await framework('deploy', '--param', 'greeting=bye'))
  assert.equal(await greeting(), 'bye from the framework')
  assert.match(worked(await framework('logs', '-f', 'greet')), /END/)
  assert.match(worked(await framework('remove')), /has been successfully removed/)
  const fields = { Action: 'DescribeStacks', Version: '2010-05-15', StackName: 'by-osls-dev' }
  assert.equal(element(await query(on, 'cloudformation', fields), 'StackStatus'), undefined)
})
