/**
 * A page in a browser must not drive a platform that runs code for whoever calls it: names that lead here by a foreign
 * DNS, requests that a foreign page makes, and links that carry an action. Paths that lead out of what is shown.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Sent, createFunction, json, send } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-guard-'))
  on = await platform(['--data', folder])
  await json(on, 'logs.CreateLogGroup', { logGroupName: 'kept' })
})
after(async () => {
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

/** What an attacker wants to be gone is still there. */
async function kept(): Promise<void> {
  assert.match((await json(on, 'logs.DescribeLogGroups', {})).body, /"logGroupName":"kept"/)
}

const RESET: Sent = { path: '/_windtunnel/reset' }
const CREATE: Sent = {
  service: 'logs',
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'Logs_20140328.DeleteLogGroup' },
  body: '{"logGroupName":"kept"}',
}

async function refused(sent: Sent, headers: Readonly<Record<string, string>>): Promise<void> {
  const answer = await send(on, { ...sent, headers: { ...sent.headers, ...headers } })
  assert.equal(answer.status, 403, JSON.stringify([sent.path, headers, answer.body]))
  assert.equal(answer.headers['access-control-allow-origin'], undefined)
  await kept()
}

test('a Host that a foreign DNS may point here is refused, on every path', async () => {
  const hosts = [
    'evil.example',
    `evil.example:${on.port}`,
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'evilamazonaws.com',
    'evillocalhost',
    '192.168.1.1',
    '[::2]',
  ]
  for (const host of hosts) for (const sent of [RESET, CREATE]) await refused(sent, { host })
})

/** Without node's client, which fills in what is missing. */
const raw = (lines: readonly string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(on.port, '127.0.0.1', () => socket.write(`${lines.join('\r\n')}\r\n\r\n`))
    let answer = ''
    socket.on('data', (part) => (answer += part.toString()))
    socket.on('error', reject)
    socket.on('close', () => resolve(answer))
  })

test('a request without a Host, with two, or with an absolute target is no way around', async () => {
  const end = 'Connection: close'
  const target = 'POST /_windtunnel/reset'
  assert.match(await raw([`${target} HTTP/1.0`, end]), /^HTTP\/1\.1 403 /)
  assert.match(await raw([`${target} HTTP/1.1`, 'Host:', end]), /^HTTP\/1\.1 403 /)
  assert.match(
    await raw([`${target} HTTP/1.1`, 'Host: evil.example', 'Host: localhost', end]),
    /^HTTP\/1\.1 40[03] /,
  )
  const absolute = 'POST http://localhost/_windtunnel/reset HTTP/1.1'
  assert.match(await raw([absolute, 'Host: evil.example', end]), /^HTTP\/1\.1 403 /)
  await kept()
})

test('the names of this machine and of AWS are served', async () => {
  const hosts = [
    'localhost',
    '127.0.0.1',
    '[::1]',
    's3.localhost',
    'logs.us-east-1.amazonaws.com',
    'LOCALHOST',
  ]
  for (const name of hosts) {
    const answer = await send(on, {
      method: 'GET',
      path: '/_windtunnel/health',
      headers: { host: `${name}:${on.port}` },
    })
    assert.equal(answer.status, 200, name)
  }
})

test('a foreign Origin is refused, also the null of a sandboxed frame and look-alikes', async () => {
  const origins = [
    'http://evil.example',
    'https://evil.example:4566',
    'null',
    'http://localhost.evil.example',
    'http://127.0.0.1.evil.example',
    'http://evil.example/http://localhost',
    'http://localhost@evil.example',
    'file://',
  ]
  for (const origin of origins) for (const sent of [RESET, CREATE]) await refused(sent, { origin })
})

test('a link, an image or a frame of another site does nothing', async () => {
  const actions = [
    '/?Action=CreateStack&StackName=x&TemplateBody=%7B%7D',
    '/2015-03-31/functions',
    '/some-bucket',
  ]
  for (const path of [...actions, '/_windtunnel/health', '/_windtunnel/spans']) {
    for (const mode of ['navigate', 'no-cors', 'cors']) {
      await refused({ method: 'GET', path }, { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode })
    }
  }
  const opened = await send(on, {
    method: 'GET',
    path: '/_windtunnel/',
    headers: { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' },
  })
  assert.equal(opened.status, 200, 'a link may open the console')
  assert.match(String(opened.headers['content-security-policy']), /frame-ancestors 'none'/)
  await refused(
    { method: 'GET', path: '/_windtunnel/' },
    { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' },
  )
})

test('a preflight of a foreign page gets no leave', async () => {
  await refused(
    { method: 'OPTIONS', path: '/_windtunnel/reset' },
    { origin: 'http://evil.example', 'access-control-request-method': 'POST' },
  )
})

test('GET changes nothing', async () => {
  const answer = await send(on, { method: 'GET', path: '/_windtunnel/reset' })
  assert.equal(answer.status, 404)
  await kept()
})

test('paths below /_windtunnel/ never leave what is shown there', async () => {
  writeFileSync(join(folder, 'secret'), 'a secret')
  await createFunction(on, { name: 'packed', code: 'exports.handler = async () => 1' })
  const steps = ['../', '%2e%2e/', '..%2f', '..\\', './../', 'assets/../../', '....//', '.%2e/']
  const wanted = ['package.json', 'src/cli/entry.ts', 'etc/passwd', 'secret', 'store/control']
  for (const below of ['', 'code/', 'code/x/', 'api/']) {
    for (const step of steps) {
      for (const name of wanted) {
        const path = `/_windtunnel/${below}${step.repeat(8)}${name}`
        const { status, body } = await send(on, { method: 'GET', path })
        assert.ok(status === 404 || status === 403, `${path} got ${status} ${body.slice(0, 80)}`)
      }
    }
  }
  for (const path of [
    '/_windtunnel//etc/passwd',
    '/_windtunnel/%00',
    '/_windtunnel/code/',
    `/_windtunnel/${'a'.repeat(9_000)}`,
  ])
    assert.equal((await send(on, { method: 'GET', path })).status, 404, path.slice(0, 60))
  assert.equal(on.stderr(), '')
})
