/** Functions of other languages through a whole platform: what their log says, and what Lambda says of those it cannot run. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ZipEntry, zipOf } from '#engines/zip/write.ts'
import { createFunction, invoke, madeFunction, rest } from '../support/aws.ts'
import { type Platform, platform } from '../support/platform.ts'
import { CACHE } from '../sandbox/fake-lambda.ts'
import { compiledJava, HANDLER, newestJava, noJava } from './java.ts'

let on: Platform
before(async () => (on = await platform(['--memory', '--cache', CACHE])))
after(() => on.stop())

const javaPackage = (): Uint8Array =>
  zipOf(
    compiledJava({ 'Handler.java': HANDLER }).map(({ name, text }): ZipEntry => ({
      name,
      bytes: typeof text === 'string' ? Buffer.from(text) : text,
      executable: false,
    })),
  )

test('a Java function reports its init, its memory, its errors and its end', { skip: noJava }, async () => {
  const name = 'java-function'
  await madeFunction(on, {
    name,
    code: javaPackage(),
    runtime: `java${newestJava >= 21 ? 21 : newestJava}`,
    handler: 'example.Handler::handleRequest',
    memoryMb: 256,
  })
  const first = await invoke(on, name, { a: 1 })
  assert.equal(first.functionError, undefined, first.payload)
  assert.match(first.log, /^printed\nsaid by [0-9a-f-]{36}\ntwo\nlines\nEND /m)
  assert.match(first.log, /\tMemory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: [\d.]+ ms/)
  const failed = await invoke(on, name, { fail: true })
  assert.equal(failed.functionError, 'Unhandled')
  assert.equal(
    (JSON.parse(failed.payload) as { errorType: string }).errorType,
    'java.lang.IllegalStateException',
  )
  const filled = await invoke(on, name, { fill: true })
  assert.equal(filled.functionError, 'Unhandled')
  assert.match(filled.payload, /java\.lang\.OutOfMemoryError|Runtime\.(ExitError|OutOfMemory)/)
  assert.equal((await invoke(on, name, {})).functionError, undefined)
})

test('a runtime that is not here fails the function with the reason and the remedy', async () => {
  const wish = { name: 'dotnet-function', code: 'x', runtime: 'dotnet8', handler: 'A::B::C' }
  assert.equal((await createFunction(on, wish)).status, 201)
  for (;;) {
    const got = await rest(on, 'lambda GET /2015-03-31/functions/dotnet-function/configuration')
    const { State, StateReason, StateReasonCode } = JSON.parse(got.body) as Record<string, string>
    if (State === 'Pending') continue
    assert.equal(State, 'Failed')
    assert.equal(StateReasonCode, 'InvalidRuntime')
    assert.match(StateReason ?? '', /dotnet8 is not on this platform.*provided\.al2023/)
    break
  }
})
