/** Layers that templates of others name: taken, shown and said to be absent. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import { create, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { lambda } from '#services/lambda/index.ts'

const { operations } = lambda

/** A version of a layer that an account keeps; the fake call's account is 000000000000. */
const layer = (account: string, name = 'l'): string => `arn:aws:lambda:us-east-1:${account}:layer:${name}:1`
const ABSENT = /^400 InvalidParameterValueException: Layer version .* does not exist\.$/

test('CreateFunction takes layers of other accounts, shows them and says that they are absent', async () => {
  const Layers = [layer('175033217214', 'graphicsmagick'), layer('111122223333')]
  const fake = await withFunction({ Layers })
  const shown = await operations.GetFunctionConfiguration({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.deepEqual(
    shown.Layers,
    Layers.map((Arn) => ({ Arn })),
  )
  assert.equal(shown.State, 'Active')
  assert.deepEqual(fake.warnings, ['lambda.layer.absent', 'lambda.layer.absent'])
  assert.equal([...fake.state.notices].filter((notice) => notice.includes('graphicsmagick')).length, 1)
})

test('UpdateFunctionConfiguration replaces layers, and an empty list removes them', async () => {
  const fake = await withFunction({ Layers: [layer('111122223333', 'a')] })
  const update = async (Layers?: string[]): Promise<unknown> => {
    const input = { FunctionName: 'f', ...(Layers === undefined ? { Timeout: 9 } : { Layers }) }
    const { Layers: shown } = await operations.UpdateFunctionConfiguration(input, fake.state, fakeCall())
    await turns()
    return shown
  }
  assert.deepEqual(await update(), [{ Arn: layer('111122223333', 'a') }])
  assert.deepEqual(await update([layer('111122223333', 'b')]), [{ Arn: layer('111122223333', 'b') }])
  assert.equal(await update([]), undefined)
})

test('CreateFunction refuses layers that cannot exist, and more than five', async () => {
  const cases: [string[], RegExp][] = [
    [[layer('000000000000')], ABSENT],
    [[layer('111122223333'), layer('000000000000')], ABSENT],
    [['arn:aws:s3:us-east-1:111122223333:layer:l:1'], ABSENT],
    [['arn:aws:lambda:us-east-1:111122223333:layer:l'], ABSENT],
    [
      Array.from({ length: 6 }, (_, i) => layer('111122223333', `l${i}`)),
      /Cannot reference more than 5 layers/,
    ],
  ]
  for (const [Layers, expected] of cases)
    assert.match(await refusal(create(fakeLambda(memoryStores()), { Layers })), expected)
})
