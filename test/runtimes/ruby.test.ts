/** The Ruby runtime client in a real sandbox, on whatever Ruby the machine has. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { findRubies, rubyFor } from '#host/sandbox/rubies.ts'
import { FakeEnvironment, type Opened, opened, type ZipFile } from '../sandbox/fake-lambda.ts'
import { stagedFiles } from './compiled.ts'

const rubies = await findRubies()
const newest = rubies.at(-1)
const runtime = `ruby3.${newest?.minor ?? 0}`
const skip = newest === undefined ? 'no Ruby 3 on this machine' : false

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

interface Given {
  readonly source: string
  readonly handler?: string
  readonly files?: readonly ZipFile[]
  readonly variables?: Readonly<Record<string, string>>
}

async function environment({
  source,
  handler = 'app.handler',
  files = [],
  variables = {},
}: Given): Promise<FakeEnvironment> {
  const code = await stagedFiles(host.sandboxes, [{ name: 'app.rb', text: source }, ...files])
  return new FakeEnvironment(host.sandboxes, { runtime, code, handler, environment: variables })
}

test('a method answers, with its context, and keeps what was made at init', { skip }, async () => {
  const made = await environment({
    source: `
$count = 0
def handler(event:, context:)
  { event: event, count: $count += 1, id: context.aws_request_id, arn: context.invoked_function_arn,
    left: context.get_remaining_time_in_millis.between?(1, 3000), memory: context.memory_limit_in_mb,
    trace: ENV['_X_AMZN_TRACE_ID'] }
end
`,
  })
  assert.deepEqual(json((await made.invoke({ ü: [1, null] })).body), {
    event: { ü: [1, null] },
    count: 1,
    id: 'req-1',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:f',
    left: true,
    memory: '512',
    trace: 'Root=1-5759e988-bd862e3fe1be46a994272793',
  })
  assert.equal(json((await made.invoke({})).body)['count'], 2)
  await made.sandbox.destroy(0)
})

test('a method of a class of a module answers, and requires files of the package', { skip }, async () => {
  const made = await environment({
    source: `
require 'help'
module Functions
  class Handler
    def self.process(event:, context:) = Help.said(event['name'])
  end
end
`,
    handler: 'app.Functions::Handler.process',
    files: [{ name: 'help.rb', text: 'module Help\n  def self.said(name) = "hello #{name}"\nend\n' }],
  })
  assert.equal((await made.invoke({ name: 'wind' })).body, '"hello wind"')
  await made.sandbox.destroy(0)
})

test('gems that bundler put into the package are found', { skip }, async () => {
  const at = `vendor/bundle/ruby/3.${newest?.minor ?? 0}.0`
  const made = await environment({
    source: "require 'breeze'\ndef handler(event:, context:) = Breeze::SPEED\n",
    files: [
      {
        name: `${at}/specifications/breeze-1.0.0.gemspec`,
        text: 'Gem::Specification.new { |s| s.name = "breeze"; s.version = "1.0.0"; s.summary = "x"; s.authors = ["x"]; s.require_paths = ["lib"] }\n',
      },
      { name: `${at}/gems/breeze-1.0.0/lib/breeze.rb`, text: 'module Breeze\n  SPEED = 3\nend\n' },
    ],
  })
  const answer = await made.invoke({})
  assert.equal(answer.body, '3', made.output)
  await made.sandbox.destroy(0)
})

test(
  "what is raised has Lambda's type and the user's own frames, and the environment goes on",
  { skip },
  async () => {
    const made = await environment({
      source: 'def handler(event:, context:)\n  raise ArgumentError, "no wind" if event["fail"]\n  1\nend\n',
    })
    const { kind, body } = await made.invoke({ fail: true })
    assert.equal(kind, 'error')
    assert.deepEqual(Object.keys(json(body)), ['errorMessage', 'errorType', 'stackTrace'])
    assert.equal(json(body)['errorType'], 'Function<ArgumentError>')
    assert.equal(json(body)['errorMessage'], 'no wind')
    const trace = json(body)['stackTrace'] as string[]
    assert.equal(trace.length, 1)
    assert.match(String(trace[0]), /app\.rb:2:in [`'].*handler'$/)
    assert.match(made.output, /^Error raised from handler method$/m)
    assert.equal((await made.invoke({})).body, '1')
    await made.sandbox.destroy(0)
  },
)

test('a name that does not exist, and exit, are answered and end the environment', { skip }, async () => {
  for (const [statement, type] of [
    ['nothing_here', 'Function<NameError>'],
    ['exit 3', 'Function<SystemExit>'],
  ]) {
    const made = await environment({ source: `def handler(event:, context:) = ${statement}\n` })
    const { kind, body } = await made.invoke({})
    assert.equal(kind, 'error')
    assert.equal(json(body)['errorType'], type)
    assert.equal((await made.gone()).code, 255)
    await made.sandbox.destroy(0)
  }
})

test('what goes wrong at init is posted with its class', { skip }, async () => {
  for (const [source, handler, type] of [
    ["require 'no_such_gem'\n", 'app.handler', 'Init<LoadError>'],
    ['def handler(\n', 'app.handler', 'Init<SyntaxError>'],
    ['', 'app', 'Init<ArgumentError>'],
  ] as const) {
    const made = await environment({ source, handler })
    const { kind, body } = await made.answer()
    assert.equal(kind, 'init-error')
    assert.equal(json(body)['errorType'], type)
    assert.equal((await made.gone()).code, 252)
    await made.sandbox.destroy(0)
  }
})

const LOGS = `
require 'logger'
LOG = Logger.new($stdout)
def handler(event:, context:)
  LOG.debug('small')
  LOG.warn('two')
end
`

test('Logger writes the request id, as text or JSON, from the level on', { skip }, async () => {
  const text = await environment({ source: LOGS })
  await text.invoke({})
  assert.match(text.output, /^W, \[\d{4}-\d\d-\d\dT[\d:.]+ #\d+\] {2}WARN req-1 -- : two$/m)
  await text.sandbox.destroy(0)
  const variables = { AWS_LAMBDA_LOG_FORMAT: 'JSON', AWS_LAMBDA_LOG_LEVEL: 'INFO' }
  const structured = await environment({ source: LOGS, variables })
  await structured.invoke({})
  const lines = structured.output.trim().split('\n').map(json)
  assert.equal(lines.length, 1, structured.output)
  assert.equal(lines[0]?.['message'], 'two')
  assert.equal(lines[0]?.['level'], 'WARN')
  assert.equal(lines[0]?.['requestId'], 'req-1')
  await structured.sandbox.destroy(0)
})

test('rubyFor() takes that version, the next newer one, else the newest', () => {
  const found = [1, 3].map((minor) => ({ path: '', minor, version: `3.${minor}.0`, prefix: '' }))
  assert.equal(rubyFor(found, 3)?.minor, 3)
  assert.equal(rubyFor(found, 2)?.minor, 3)
  assert.equal(rubyFor(found, 4)?.minor, 3)
  assert.equal(rubyFor([], 3), undefined)
})

test('a .NET runtime is missing, with what runs such a function all the same', async () => {
  const found = await host.sandboxes.runtime('dotnet8')
  assert.ok(found.kind === 'missing')
  assert.match(found.remedy, /self-contained.*provided\.al2023/)
})
