/**
 * Attacks from inside a function of a running platform: on its control pages, its files, other functions and their
 * Runtime APIs. The sandbox alone, without a platform, is attacked in `test/sandbox/isolation.test.ts`.
 */
import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { invoke, json, madeFunction, rest, zip } from '../support/aws.ts'
import { run } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-inside-'))
  on = await platform(['--data', folder])
})
after(async () => {
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

/** Helpers of every attacker: what was tried, or why it failed. */
const TOOLS = `
const fs = require('fs'), http = require('http')
const tried = (what) => { try { return what() } catch (error) { return error.code } }
const asked = (options) => new Promise((resolve) => {
  const request = http.request({ timeout: 3_000, ...options }, (answer) => {
    let body = ''
    answer.on('data', (part) => (body += part)).on('end', () => resolve(answer.statusCode + ' ' + body))
  })
  request.on('error', (error) => resolve(error.code)).on('timeout', () => request.destroy())
  request.end(options.body)
})
`

async function attack(name: string, source: string, event: unknown): Promise<Record<string, unknown>> {
  await madeFunction(on, {
    name,
    code: `${TOOLS}\nexports.handler = async (e) => ${source}`,
    timeoutSeconds: 30,
  })
  const answer = await invoke(on, name, event)
  assert.equal(answer.functionError, undefined, answer.payload)
  return JSON.parse(answer.payload) as Record<string, unknown>
}

const CONTROL = `({
  reset: await asked({ port: e.port, host: '127.0.0.1', method: 'POST', path: '/_windtunnel/reset' }),
  named: await asked({ port: e.port, host: '127.0.0.1', method: 'POST', path: '/_windtunnel/reset', headers: { host: 'localhost' } }),
  api: await asked({ port: e.port, host: '127.0.0.1', method: 'POST', path: '/_windtunnel/api/lambda/ListFunctions', body: '{}' }),
  code: await asked({ port: e.port, host: '127.0.0.1', path: '/_windtunnel/code/x' }),
  child: require('child_process').spawnSync(process.execPath, ['-e', \`fetch('http://127.0.0.1:\${e.port}/_windtunnel/reset', { method: 'POST' }).then((r) => console.log(r.status))\`], { encoding: 'utf8', env: {} }).stdout.trim(),
})`

test('a function may call the AWS APIs, but not the pages that drive the platform', async (t) => {
  if (process.getuid?.() !== 0)
    return t.skip('functions have users of their own only when the platform runs as root')
  await json(on, 'logs.CreateLogGroup', { logGroupName: 'kept' })
  const seen = await attack('resets', CONTROL, { port: on.port })
  for (const [name, answer] of Object.entries(seen)) assert.match(String(answer), /^403/, name)
  assert.match((await json(on, 'logs.DescribeLogGroups', {})).body, /"logGroupName":"kept"/)
  const called = await attack(
    'calls',
    `({ answer: await asked({ port: e.port, host: '127.0.0.1', path: '/2015-03-31/functions' }) })`,
    { port: on.port },
  )
  assert.match(String(called['answer']), /^200 .*"FunctionName":"calls"/)
})

test('a function reads no file of the platform, of the machine or of another function', async (t) => {
  if (on.modes['isolation'] !== 'namespaces') return t.skip('no namespaces on this machine')
  writeFileSync(join(folder, 'secret'), 'a secret', { mode: 0o644 })
  await madeFunction(on, {
    name: 'victim',
    code: `require('fs').writeFileSync('/tmp/mine', 'mine'); exports.handler = async () => 'fine'`,
    variables: { PASSWORD: 'of the victim' },
  })
  assert.equal((await invoke(on, 'victim')).payload, '"fine"')
  const staged = readdirSync(join(folder, 'sandboxes', 'code'))
  assert.ok(staged.length >= 2, 'the victim’s code lies there')
  const seen = await attack(
    'reads',
    `{
  const everywhere = (folder, depth) => tried(() => fs.readdirSync(folder, { withFileTypes: true })) ?? []
  const pids = fs.readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name))
  return {
    folder: tried(() => fs.readdirSync(e.folder)),
    secret: tried(() => fs.readFileSync(e.folder + '/secret', 'utf8')),
    code: tried(() => fs.readdirSync(e.folder + '/sandboxes/code')),
    work: tried(() => fs.readdirSync(e.clone)),
    home: tried(() => fs.readdirSync('/root')),
    shadow: tried(() => fs.readFileSync('/etc/shadow', 'utf8')),
    tmp: fs.readdirSync('/tmp'),
    task: fs.readdirSync('/var/task'),
    passwords: pids.filter((pid) => String(tried(() => fs.readFileSync('/proc/' + pid + '/environ', 'latin1'))).includes('PASSWORD')),
    roots: pids.filter((pid) => String(tried(() => fs.readdirSync('/proc/' + pid + '/root/tmp'))).includes('mine')),
    memory: tried(() => fs.openSync('/proc/1/mem', 'r')),
    few: pids.length < 10,
  }
}`
      .replace(/^\{/, '(() => {')
      .concat(')()'),
    { folder, clone: process.cwd() },
  )
  assert.deepEqual(seen, {
    folder: 'ENOENT',
    secret: 'ENOENT',
    code: 'ENOENT',
    work: 'ENOENT',
    home: 'ENOENT',
    shadow: 'ENOENT',
    tmp: [],
    task: ['index.js'],
    passwords: [],
    roots: [],
    memory: 'EACCES',
    few: true,
  })
})

/** A runtime in shell, which has its Runtime API on an address of its own. */
const BOOTSTRAP = `#!/bin/sh
while true; do
  head=$(mktemp)
  curl -sS -D "$head" "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/next" > /dev/null
  id=$(grep -i lambda-runtime-aws-request-id "$head" | tr -d '[:space:]' | cut -d: -f2)
  curl -sS "http://$AWS_LAMBDA_RUNTIME_API/2018-06-01/runtime/invocation/$id/response" -d "\\"$AWS_LAMBDA_RUNTIME_API\\"" > /dev/null
done
`

test('a function does not speak as another environment', async (t) => {
  if (on.modes['isolation'] !== 'namespaces') return t.skip('no namespaces on this machine')
  await madeFunction(on, { name: 'custom', runtime: 'provided.al2023', code: zip({ bootstrap: BOOTSTRAP }) })
  const custom = await invoke(on, 'custom')
  assert.equal(custom.functionError, undefined, custom.payload)
  const [host = '', port = ''] = (JSON.parse(custom.payload) as string).split(':')
  assert.match(host, /^127\./)
  const seen = await attack(
    'speaks',
    `{
  next: await asked({ host: e.host, port: e.port, path: '/2018-06-01/runtime/invocation/next' }),
  error: await asked({ host: e.host, port: e.port, method: 'POST', path: '/2018-06-01/runtime/init/error', body: '{}' }),
  sockets: fs.readFileSync('/proc/net/unix', 'utf8').split('\\n').map((line) => line.split(' ').at(-1)).filter((path) => path.startsWith('/')).filter((path) => tried(() => fs.statSync(path).isSocket()) === true && path !== '/run/windtunnel/runtime.sock'),
}`
      .replace(/^\{/, '({')
      .concat(')'),
    { host, port: Number(port) },
  )
  assert.deepEqual(seen, { next: 'ECONNRESET', error: 'ECONNRESET', sockets: [] })
  assert.equal((await invoke(on, 'custom')).payload, custom.payload)
})

test('a function’s credentials are those of its own account', async () => {
  const account = '111111111111'
  const code = `exports.handler = async () => [process.env.AWS_ACCESS_KEY_ID, process.env.AWS_SECRET_ACCESS_KEY !== undefined]`
  await madeFunction(on, { name: 'owned', code, account })
  const path = 'lambda POST /2015-03-31/functions/owned/invocations'
  const answer = await rest(on, path, '{}', { account })
  const [key] = JSON.parse(answer.body) as [string]
  const identity = await rest(on, `sts GET /?Action=GetCallerIdentity&Version=2011-06-15`, undefined, {
    account: key,
  })
  assert.match(identity.body, /<Account>111111111111<\/Account>/)
  assert.equal((await rest(on, path, '{}')).status, 404, 'another account does not have it')
})

const PYTHON_ATTACK = `
import os, urllib.error, urllib.request
def asked(url, port):
    assert os.getuid() != 0
    try:
        return urllib.request.urlopen(urllib.request.Request(f'http://127.0.0.1:{port}{url}', data=b'{}')).status
    except urllib.error.HTTPError as error:
        return error.code
def handler(event, context):
    return [asked('/_windtunnel/reset', event['port']), asked('/_windtunnel/api/lambda/ListFunctions', event['port'])]
`

test('without namespaces the pages stay closed to functions', async (t) => {
  if (process.getuid?.() !== 0)
    return t.skip('functions have users of their own only when the platform runs as root')
  if ((await run('python3', ['--version'])).code !== 0) return t.skip('no python3 on this machine')
  // a machine without bwrap and unshare, so that the sandbox is a process with a user of its own
  const hide = (name: string): string =>
    `[ ! -e /usr/bin/${name} ] || mount --bind /dev/null /usr/bin/${name}`
  const script = `${hide('bwrap')} && ${hide('unshare')} && exec "$@"`
  const behind = ['unshare', '--mount', '--propagation', 'private', 'sh', '-c', script, 'sh']
  if ((await run(behind[0] ?? '', [...behind.slice(1), 'true'])).code !== 0)
    return t.skip('no mounts on this machine')
  const cache = mkdtempSync(join(tmpdir(), 'wt-cache-'))
  chmodSync(cache, 0o755)
  const bare = await platform(['--memory', '--cache', cache], behind)
  try {
    assert.equal(bare.modes['isolation'], 'process')
    if (String(bare.modes['notes']).includes('run as root'))
      return t.skip('this clone is closed to other users')
    const code = zip({ 'index.py': PYTHON_ATTACK })
    await madeFunction(bare, { name: 'resets', runtime: 'python3.13', code, timeoutSeconds: 30 })
    const answer = await invoke(bare, 'resets', { port: bare.port })
    assert.equal(answer.payload, '[403, 403]')
  } finally {
    await bare.stop()
    rmSync(cache, { recursive: true, force: true })
  }
})
