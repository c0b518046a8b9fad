/** Every command that talks to a platform, as a user calls it: one platform, one application, in the order of a first hour. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { type Ran, run, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'
import { application } from './application.ts'
import { CALLED } from './signalled.ts'

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-commands-'))
  application(folder)
  on = await platform(['--memory', '--virtual-time'])
})
after(async () => {
  assert.equal(await on.stop(), 0)
  rmSync(folder, { recursive: true, force: true })
})

const ran = async (...words: string[]): Promise<Ran> =>
  await windtunnel(words, { cwd: folder, env: { WINDTUNNEL_ENDPOINT: on.url } })

/** What it printed; it must have worked, and without control codes in the pipe. */
async function worked(...words: string[]): Promise<Ran> {
  const found = await ran(...words)
  assert.equal(found.code, 0, `${found.out}${found.err}`)
  assert.ok(!`${found.out}${found.err}`.includes('\u001b'), 'a control code in a pipe')
  return found
}

/** `--json`: one document on stdout, and not a word beside it. */
async function json(...words: string[]): Promise<Record<string, unknown>> {
  const { out, err } = await worked(...words, '--json')
  assert.equal(err, '')
  return JSON.parse(out) as Record<string, unknown>
}

test('an empty platform is told as such', async () => {
  assert.equal((await worked('environments')).out, 'no execution environment is alive\n')
  assert.match((await worked('bill')).out, /nothing was billed/)
  const missing = await ran('invoke', 'Hello')
  assert.equal(missing.code, 2)
  assert.match(missing.err, /There is no such function\.\n.*Hello\n.*windtunnel deploy template\.yaml/)
  const load = await ran('load', 'short.yaml')
  assert.equal(load.code, 2)
  assert.match(load.err, /Nothing is deployed: windtunnel load short\.yaml --deploy/)
})

test('deploy shows a line a change of status, and the address that answers below the one of AWS', async () => {
  const { out, err } = await worked('deploy', '--stack', 'app')
  const [, aws, here] = out.split('\n')
  const id = /https:\/\/(\w+)\.execute-api\.us-east-1\.amazonaws\.com\/hello$/.exec(aws ?? '')?.[1] ?? ''
  assert.equal(here?.trim(), `here:  http://${id}.execute-api.localhost:${on.port}/hello`)
  const statuses = err.split('\n').filter((line) => /^ *\d+ of \d+ {2}CREATE_/.test(line))
  const shown = statuses.map((line) => line.replace(/^ *\d+ of \d+ */, ''))
  assert.equal(new Set(shown).size, shown.length)
  assert.match(statuses.at(-1) ?? '', /^(\d+) of \1 {2}CREATE_COMPLETE +app$/)
  assert.match(err, /^next {2}windtunnel invoke Hello$/m)
})

test('deploy again changes nothing, and as JSON keeps what AWS would answer', async () => {
  const deployed = await json('deploy', '--stack', 'app')
  assert.equal(deployed['unchanged'], true)
  const [output] = deployed['outputs'] as { value: string; localValue: string }[]
  assert.match(output?.value ?? '', /amazonaws\.com\/hello$/)
  assert.match(output?.localValue ?? '', /localhost:\d+\/hello$/)
})

test('deploy shows why a stack failed, and makes it anew when its template is right', async () => {
  const bucket = (name: string): void =>
    writeFileSync(
      join(folder, 'bucket.yaml'),
      `Resources: { B: { Type: AWS::S3::Bucket, Properties: { BucketName: ${name} } } }\n`,
    )
  bucket('Not_A_Bucket')
  const failed = await ran('deploy', 'bucket.yaml', '--stack', 'bucket')
  assert.deepEqual([failed.code, failed.out], [1, ''])
  assert.match(failed.err, /^error {2}B: .*bucket.*\n {2}in {3}stack bucket, ROLLBACK_COMPLETE\n {2}next /m)
  bucket('a-bucket')
  assert.match((await worked('deploy', 'bucket.yaml', '--stack', 'bucket')).err, /removing what is left/)
})

test('logs of a function that did not run yet are empty, not an error', async () => {
  const { out, err } = await worked('logs', 'Hello')
  assert.equal(out, '')
  assert.match(err, /wrote nothing yet/)
})

test('invoke takes a logical id, and its exit code is the function', async () => {
  const { out, err } = await worked('invoke', 'Hello')
  assert.equal(out, '{"statusCode":200,"body":"hello"}\n')
  assert.match(err, /hello from the function/)
  assert.equal((await json('invoke', 'Hello'))['status'], 200)
  const failing = await ran('invoke', 'Hello', '--payload', '{"fail":1}')
  assert.equal(failing.code, 1)
  assert.match(failing.err, /function error Unhandled/)
  const slip = await ran('invoke', 'Helo')
  assert.equal(slip.code, 2)
  assert.match(slip.err, /Did you mean Hello\?/)
  const refused = await ran('invoke', 'Hello', '--payload', '{torn')
  assert.equal(refused.code, 1)
  assert.match(refused.err, /^error .*\n {2}in {3}.*InvalidRequestContent.*\n {2}next /)
})

test('logs shows what the function wrote, as text and as a document a line', async () => {
  assert.match((await worked('logs', 'Hello')).out, /Z {2}.*hello from the function$/m)
  const lines = (await worked('logs', 'Hello', '--json')).out.trimEnd().split('\n')
  assert.ok(lines.length > 3)
  for (const line of lines) assert.ok('message' in (JSON.parse(line) as object))
  const missing = await ran('logs', 'nothing-like-it')
  assert.equal(missing.code, 2)
  assert.match(missing.err, /no such function.*\n.*\n.*There are: app-Hello-/)
})

test('load flies what is deployed; report, trace and compare read it back', async () => {
  const { out, err } = await worked('load', 'short.yaml')
  assert.match(out, /^flew .*constant 30/)
  assert.match(err, /^flying \[/m)
  assert.match(err, /^saved as \.windtunnel\/flights\//m)
  const report = await json('report')
  const [slowest] = report['slowest'] as { traceId: string }[]
  const traced = await worked('trace', slowest?.traceId ?? '')
  assert.match(traced.out, /apigateway request/)
  assert.equal((await json('trace', slowest?.traceId ?? ''))['traceId'], slowest?.traceId)
  const unknown = await ran('trace', '1-00000000-000000000000000000000000')
  assert.equal(unknown.code, 2)
})

test('load as JSON is one document, and a broken budget is exit code 1', async () => {
  const { code, out } = await ran('load', 'broken.yaml', '--json')
  assert.equal(code, 1)
  const report = JSON.parse(out) as { budgetsOutcome: string; partial: boolean }
  assert.deepEqual([report.budgetsOutcome, report.partial], ['broken', false])
  assert.equal((await json('compare'))['format'], 'windtunnel-compare/1')
})

test('bill, environments and clock answer as text and as JSON', async () => {
  assert.match((await worked('bill')).out, /Lambda requests/)
  assert.ok(Number((await json('bill', '--monthly', '1000000'))['totalUsd']) > 0)
  assert.match((await worked('environments')).out, /app-Hello-\w+ +idle/)
  assert.ok(((await json('environments'))['environments'] as unknown[]).length > 0)
  assert.match((await worked('clock')).out, /virtual/)
  const { offsetMs } = await json('clock', 'advance', '1h')
  assert.ok(Math.abs(Number(offsetMs) - 3_600_000) < 1_000, String(offsetMs))
})

test('environments are recycled and killed on demand, and invoke --cold starts one', async () => {
  const isCold = async (...more: string[]): Promise<boolean> =>
    /Init Duration/.test(String((await json('invoke', 'Hello', ...more))['log']))
  await isCold()
  assert.equal(await isCold(), false)
  assert.equal(await isCold('--cold'), true)
  assert.equal((await worked('environments', 'kill', 'Hello')).out, '1 environment killed\n')
  await worked('invoke', 'Hello') // in the same environment: init again, as after any crash
  assert.match((await worked('environments', 'recycle')).out, /^\d+ environments? recycled\n$/)
  assert.equal((await worked('environments')).out, 'no execution environment is alive\n')
  const wrong = await ran('environments', 'stop')
  assert.deepEqual([wrong.code, /recycled or killed/.test(wrong.err)], [2, true])
})

test('tune flies each size and gives the function its memory back', async () => {
  const { out, err } = await worked('tune', 'Hello', '--memory', '256,512', '--seconds', '1')
  assert.match(out, /^ *256 MB .*\n *512 MB /m)
  assert.match(err, /^256 MB \(1 of 2\) {2}flying \[/m)
  assert.match(err, /has its 256 MB again\n$/)
})

test('doctor sees the platform', async () => {
  const facts = (await json('doctor'))['facts'] as { name: string; found: string }[]
  assert.equal(facts.find(({ name }) => name === 'platform')?.found, `one runs at ${on.url}`)
})

const noScript = (await run('script', ['--version'])).code === 0 ? false : 'there is no script(1) here'

/** On a terminal of that width, which `script` makes; stdout and stderr together. */
async function onTerminal(columns: number, env: Record<string, string>, words: string): Promise<string> {
  const line = `stty cols ${columns} && exec ${CALLED.join(' ')} ${words}`
  const { out } = await run('script', ['-qec', line, '/dev/null'], {
    cwd: folder,
    env: { TERM: 'xterm', NO_COLOR: '', WINDTUNNEL_ENDPOINT: on.url, ...env },
  })
  return out
}

test('a terminal gets colours and its width, NO_COLOR gets none', { skip: noScript }, async () => {
  const colours = new RegExp(`${String.fromCharCode(27)}\\[[\\d;]+m`, 'g')
  const longest = (text: string): number =>
    Math.max(
      ...text
        .replaceAll(colours, '')
        .split(/\r?\n/)
        .map((line) => line.length),
    )
  const narrow = await onTerminal(80, {}, 'report')
  assert.match(narrow, colours)
  assert.ok(longest(narrow) <= 80, narrow)
  const wide = await onTerminal(200, {}, 'report')
  assert.ok(longest(wide) > 80 && longest(wide) <= 200, wide)
  assert.doesNotMatch(await onTerminal(80, { NO_COLOR: '1' }, 'report'), colours)
  assert.doesNotMatch(await onTerminal(80, { TERM: 'dumb' }, 'report'), colours)
})

test('reset empties the platform', async () => {
  assert.match((await worked('reset')).out, /^emptied http/)
  assert.deepEqual(await json('reset'), { reset: true })
  assert.equal((await ran('invoke', 'Hello')).code, 2)
})
