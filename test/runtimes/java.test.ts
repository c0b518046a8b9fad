/** Java functions on whatever Java the machine has, with AWS's own runtime interface client, in a real sandbox. */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { FakeEnvironment, type Opened, opened } from '../sandbox/fake-lambda.ts'
import { inFolder, ran, stagedFiles } from './compiled.ts'
import { compiledJava, HANDLER, javas, newestJava as newest, noJava as skip } from './java.ts'

let host: Opened
before(async () => (host = await opened()))
after(() => host.close())

const json = (text: string): Record<string, unknown> => JSON.parse(text) as Record<string, unknown>

test('a handler of a package answers, logs by its context, and keeps its state', { skip }, async () => {
  const code = await stagedFiles(host.sandboxes, compiledJava({ 'Handler.java': HANDLER }))
  const made = new FakeEnvironment(host.sandboxes, {
    runtime: `java${newest}`,
    code,
    handler: 'example.Handler::handleRequest',
    environment: { JAVA_TOOL_OPTIONS: '-Dof.the.user=yes' },
  })
  const first = json((await made.invoke({ a: [1, { b: 'ü' }] })).body)
  assert.equal(first['java'], `${newest}`)
  assert.deepEqual(first['event'], { a: [1, { b: 'ü' }] })
  assert.equal(first['option'], 'yes')
  assert.equal(first['home'], host.sandboxes.modes().isolation === 'namespaces' ? '/var/lang' : first['home'])
  // 85 % of 512 MB, less the survivor space that the serial collector keeps empty
  assert.ok(Number(first['heapKb']) > 400_000 && Number(first['heapKb']) <= 445_645, String(first['heapKb']))
  assert.equal(json((await made.invoke({})).body)['count'], 2)
  assert.match(made.output, /^Picked up JAVA_TOOL_OPTIONS: -Dof\.the\.user=yes$/m)
  assert.match(made.output, /^printed\nsaid by req-1\ntwo\rlines\n/m)
  assert.doesNotMatch(made.output, /WARNING|\[cds/)
  await made.sandbox.destroy(0)
})

test('what a handler throws is its error, with the class as its type and a trace', { skip }, async () => {
  const code = await stagedFiles(host.sandboxes, compiledJava({ 'Handler.java': HANDLER }))
  const made = new FakeEnvironment(host.sandboxes, {
    runtime: `java${newest}`,
    code,
    handler: 'example.Handler::handleRequest',
  })
  const { kind, body } = await made.invoke({ fail: true })
  assert.equal(kind, 'error')
  assert.equal(json(body)['errorType'], 'java.lang.IllegalStateException')
  assert.equal(json(body)['errorMessage'], 'as asked')
  assert.match(String((json(body)['stackTrace'] as string[])[0]), /^example\.Handler\.handleRequest/)
  await made.sandbox.destroy(0)
})

test('jars of the package and of a layer are on the class path', { skip }, async (t) => {
  if (host.sandboxes.modes().isolation === 'process') return t.skip('without namespaces there is no /opt')
  const classes = compiledJava({ 'Handler.java': HANDLER })
  const packed = inFolder({}, (folder) => {
    for (const { name, text } of classes) {
      mkdirSync(dirname(join(folder, name)), { recursive: true })
      writeFileSync(join(folder, name), text)
    }
    ran('jar', ['cf', 'handler.jar', 'example'], folder)
    return readFileSync(join(folder, 'handler.jar'))
  })
  const jar = inFolder({ 'from-layer.txt': 'x' }, (folder) => {
    ran('jar', ['cf', 'a.jar', 'from-layer.txt'], folder)
    return readFileSync(join(folder, 'a.jar'))
  })
  const code = await stagedFiles(host.sandboxes, [{ name: 'lib/handler.jar', text: packed }])
  const layer = await stagedFiles(host.sandboxes, [{ name: 'java/lib/a.jar', text: jar }])
  const made = new FakeEnvironment(host.sandboxes, {
    runtime: `java${newest}`,
    code,
    layers: [layer],
    handler: 'example.Handler::handleRequest',
  })
  assert.equal(json((await made.invoke({})).body)['layer'], true)
  await made.sandbox.destroy(0)
})

test(
  'a class that is not there is told at the first event, as the client does on AWS',
  { skip },
  async () => {
    const code = await stagedFiles(host.sandboxes, [{ name: 'readme.txt', text: 'no classes' }])
    const made = new FakeEnvironment(host.sandboxes, {
      runtime: `java${newest}`,
      code,
      handler: 'example.Missing::handleRequest',
    })
    const { kind, body } = await made.invoke({})
    assert.equal(kind, 'error')
    assert.equal(json(body)['errorType'], 'java.lang.ClassNotFoundException')
    await made.sandbox.destroy(0)
  },
)

test(
  'an older runtime runs on the next newer Java with a notice, a newer one is missing',
  { skip },
  async () => {
    const older = await host.sandboxes.runtime('java8.al2')
    assert.ok(older.kind === 'found')
    assert.equal(older.notice?.includes('java8.al2 runs on Java') ?? false, javas[0]?.major !== 8)
    const missing = await host.sandboxes.runtime('java99')
    assert.ok(missing.kind === 'missing')
    assert.match(missing.reason, /no Java 99 is on this machine \(found: \d+/)
    assert.match(missing.remedy, /openjdk-99|JAVA_HOME/)
  },
)
