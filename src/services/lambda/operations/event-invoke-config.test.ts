/** Configuration of asynchronous invokes and of recursion, with AWS's recorded answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { memoryStores } from '#host/store/memory.ts'
import type { PutFunctionEventInvokeConfigRequest } from '#model/lambda.ts'
import { ARN, create, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { type FakeLambda, fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { lambda } from '#services/lambda/index.ts'

const { operations } = lambda
type Config = Partial<PutFunctionEventInvokeConfigRequest>

const put = async (fake: FakeLambda, config: Config): Promise<unknown> =>
  await operations.PutFunctionEventInvokeConfig({ FunctionName: 'f', ...config }, fake.state, fakeCall())
const update = async (fake: FakeLambda, config: Config): Promise<unknown> =>
  await operations.UpdateFunctionEventInvokeConfig({ FunctionName: 'f', ...config }, fake.state, fakeCall())
const get = async (fake: FakeLambda, name = 'f', qualifier?: string): Promise<unknown> =>
  await operations.GetFunctionEventInvokeConfig(
    { FunctionName: name, Qualifier: qualifier },
    fake.state,
    fakeCall(),
  )
const remove = async (fake: FakeLambda, name = 'f'): Promise<unknown> =>
  await operations.DeleteFunctionEventInvokeConfig({ FunctionName: name }, fake.state, fakeCall())
const list = async (fake: FakeLambda, name = 'f'): Promise<unknown> =>
  await operations.ListFunctionEventInvokeConfigs({ FunctionName: name }, fake.state, fakeCall())

const shown = (more: object): object => ({
  LastModified: 1_790_000_000_000,
  FunctionArn: `${ARN}:$LATEST`,
  MaximumRetryAttempts: undefined,
  MaximumEventAgeInSeconds: undefined,
  DestinationConfig: { OnFailure: {}, OnSuccess: {} },
  ...more,
})

test('a configuration is put whole, updated in parts, listed, and deleted', async () => {
  const fake = await withFunction()
  assert.deepEqual(
    await put(fake, { MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 }),
    shown({ MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 60 }),
  )
  assert.deepEqual(
    await update(fake, { MaximumRetryAttempts: 0 }),
    shown({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 60 }),
  )
  assert.deepEqual(await put(fake, { MaximumRetryAttempts: 0 }), shown({ MaximumRetryAttempts: 0 }))
  assert.deepEqual(await get(fake, 'f', '$LATEST'), shown({ MaximumRetryAttempts: 0 }))
  assert.deepEqual(await list(fake), { FunctionEventInvokeConfigs: [shown({ MaximumRetryAttempts: 0 })] })
  await remove(fake)
  assert.deepEqual(await list(fake), { FunctionEventInvokeConfigs: [] })
})

test('destinations are shown where they were given, and an empty one takes it away', async () => {
  const fake = await withFunction()
  const queue = 'arn:aws:sqs:us-east-1:000000000000:q'
  const bucket = 'arn:aws:s3:::b'
  assert.deepEqual(
    await put(fake, {
      DestinationConfig: { OnSuccess: { Destination: queue }, OnFailure: { Destination: bucket } },
    }),
    shown({ DestinationConfig: { OnSuccess: { Destination: queue }, OnFailure: { Destination: bucket } } }),
  )
  assert.deepEqual(
    await update(fake, { DestinationConfig: { OnSuccess: { Destination: '' } } }),
    shown({ DestinationConfig: { OnSuccess: {}, OnFailure: { Destination: bucket } } }),
  )
  assert.deepEqual(await put(fake, { DestinationConfig: { OnSuccess: {} } }), shown({}))
})

test('what is wrong with a configuration is said in AWS\u2019s words', async () => {
  const fake = await withFunction()
  const to = (destination: string): Config => ({
    DestinationConfig: { OnSuccess: { Destination: destination } },
  })
  const none = 'arn:aws:lambda:us-east-1:000000000000:function:none'
  const iam = 'arn:aws:iam:us-east-1:000000000000:function:f'
  const missing = (arn: string): string =>
    `404 ResourceNotFoundException: The function ${arn} doesn't have an EventInvokeConfig`
  const cases: [Promise<unknown>, string][] = [
    [
      put(fake, {}),
      '400 InvalidParameterValueException: You must specify at least one of error handling or destination setting.',
    ],
    [
      put(fake, { FunctionName: 'none', MaximumRetryAttempts: 1 }),
      "404 ResourceNotFoundException: The function doesn't exist.",
    ],
    [
      put(fake, { Qualifier: 'none', MaximumRetryAttempts: 1 }),
      "404 ResourceNotFoundException: The function doesn't exist.",
    ],
    [put(fake, to(none)), `400 InvalidParameterValueException: The destination ARN ${none} is invalid.`],
    [
      put(fake, to(ARN)),
      "400 InvalidParameterValueException: You can't specify the function as a destination for itself.",
    ],
    [
      put(fake, to(iam)),
      `400 InvalidParameterValueException: The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=${iam}), onFailure=null) is invalid.`,
    ],
    [
      put(fake, to('arn:aws:s3:::b')),
      '400 InvalidParameterValueException: The provided destination config DestinationConfig(onSuccess=OnSuccess(destination=arn:aws:s3:::b), onFailure=null) is invalid.',
    ],
    ...['arn:aws:sqs:us-west-2:000000000000:q', 'arn:aws:sqs:us-east-1:000000000000:'].map(
      (arn): [Promise<unknown>, string] => [
        put(fake, { DestinationConfig: { OnFailure: { Destination: arn } } }),
        `400 InvalidParameterValueException: The provided destination config DestinationConfig(onSuccess=null, onFailure=OnFailure(destination=${arn})) is invalid.`,
      ],
    ),
    [update(fake, { MaximumRetryAttempts: 1 }), missing(`${ARN}:$LATEST`)],
    [get(fake), missing(`${ARN}:$LATEST`)],
    [get(fake, 'none'), missing(`${none}:$LATEST`)],
    [get(fake, 'f', 'some'), missing(`${ARN}:some`)],
    [remove(fake), missing(`${ARN}:$LATEST`)],
    [remove(fake, 'none'), missing(`${none}:$LATEST`)],
    [list(fake, 'none'), "404 ResourceNotFoundException: The function doesn't exist."],
  ]
  for (const [answer, expected] of cases) assert.equal(await refusal(answer), expected)
})

test('a dead-letter queue is a queue or a topic of the region', async () => {
  for (const arn of [
    'arn:aws:lambda:us-east-1:000000000000:function:g',
    'arn:aws:sqs:us-west-2:000000000000:q',
    'arn:aws:sqs:us-east-1:000000000000:',
  ]) {
    const fake = fakeLambda(memoryStores())
    assert.equal(
      await refusal(create(fake, { DeadLetterConfig: { TargetArn: arn } })),
      `400 InvalidParameterValueException: The provided DLQ ARN ${arn} is invalid.`,
    )
  }
})

test('a configuration survives a restart and goes with its function', async () => {
  const stores = memoryStores()
  const first = fakeLambda(stores)
  await create(first)
  await turns()
  await put(first, { MaximumRetryAttempts: 1 })
  const second = fakeLambda(stores)
  assert.deepEqual(await get(second), shown({ MaximumRetryAttempts: 1 }))
  await operations.DeleteFunction({ FunctionName: 'f' }, second.state, fakeCall())
  await create(second)
  assert.match(await refusal(get(second)), /doesn't have an EventInvokeConfig$/)
})

test('recursion is terminated unless it was allowed', async () => {
  const fake = await withFunction()
  const read = async (name = 'f'): Promise<unknown> =>
    await operations.GetFunctionRecursionConfig({ FunctionName: name }, fake.state, fakeCall())
  assert.deepEqual(await read(), { RecursiveLoop: 'Terminate' })
  const allowed = await operations.PutFunctionRecursionConfig(
    { FunctionName: 'f', RecursiveLoop: 'Allow' },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(allowed, { RecursiveLoop: 'Allow' })
  assert.deepEqual(await read(), { RecursiveLoop: 'Allow' })
  assert.match(
    await refusal(read('none')),
    /^404 ResourceNotFoundException: Function not found: .*function:none$/,
  )
})
