/** The control plane: functions made, read, changed and removed, with AWS's answers. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { utf8 } from '#base/bytes.ts'
import { Fault } from '#base/fault.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { CreateFunctionRequest } from '#model/lambda.ts'
import { ARN, ROLE, create, input, refusal, withFunction } from '#services/lambda/fake-invoke.ts'
import { fakeCall, fakeLambda, turns } from '#services/lambda/fake-platform.ts'
import { lambda } from '#services/lambda/index.ts'

const { operations } = lambda

test('CreateFunction answers Pending with AWS\u2019s defaults, and the function becomes Active', async () => {
  const fake = fakeLambda(memoryStores())
  const made = await operations.CreateFunction(input(), fake.state, fakeCall())
  const { CodeSha256, RevisionId, RuntimeVersionConfig, ...shown } = made
  assert.deepEqual(shown, {
    FunctionName: 'f',
    FunctionArn: ARN,
    Runtime: 'nodejs22.x',
    Role: ROLE,
    Handler: 'index.handler',
    CodeSize: 3,
    Description: '',
    Timeout: 3,
    MemorySize: 128,
    LastModified: '2026-09-21T14:13:20.000+0000',
    Version: '$LATEST',
    TracingConfig: { Mode: 'PassThrough' },
    State: 'Pending',
    StateReason: 'The function is being created.',
    StateReasonCode: 'Creating',
    PackageType: 'Zip',
    Architectures: ['x86_64'],
    EphemeralStorage: { Size: 512 },
    SnapStart: { ApplyOn: 'None', OptimizationStatus: 'Off' },
    LoggingConfig: { LogFormat: 'Text', LogGroup: '/aws/lambda/f' },
  })
  assert.match(CodeSha256 ?? '', /^[\w+/]{43}=$/)
  assert.match(RevisionId ?? '', /^[0-9a-f-]{36}$/)
  assert.match(
    RuntimeVersionConfig?.RuntimeVersionArn ?? '',
    /^arn:aws:lambda:us-east-1::runtime:[0-9a-f]{64}$/,
  )
  await turns()
  const read = await operations.GetFunction({ FunctionName: ARN }, fake.state, fakeCall())
  assert.equal(read.Configuration?.State, 'Active')
  assert.equal(read.Configuration?.LastUpdateStatus, 'Successful')
  assert.deepEqual(read.Code, {
    RepositoryType: 'S3',
    Location: 'http://localhost:4566/_windtunnel/code/blob-0',
  })
})

test('Invoke while Pending is a conflict in AWS\u2019s words', async () => {
  const fake = fakeLambda(memoryStores())
  let found: (() => void) | undefined
  const waiting = new Promise<void>((resolve) => (found = resolve))
  fake.sandboxes.runtimes = async (identifier) => {
    await waiting
    return { kind: 'found', identifier, version: 'v' }
  }
  await create(fake)
  assert.equal(
    await refusal(operations.Invoke({ FunctionName: 'f' }, fake.state, fakeCall())),
    '409 ResourceConflictException: The operation cannot be performed at this time. The function is currently in the following state: Pending',
  )
  found?.()
  await turns()
  const config = await operations.GetFunctionConfiguration({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.equal(config.State, 'Active')
})

test('a runtime that this machine lacks makes the function Failed, and Invoke says why', async () => {
  const fake = fakeLambda(memoryStores())
  fake.sandboxes.runtimes = () => ({ kind: 'missing', reason: 'No ruby was found.', remedy: 'Install ruby.' })
  await create(fake, { Runtime: 'ruby3.4' })
  await turns()
  const config = await operations.GetFunctionConfiguration({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.deepEqual(
    [config.State, config.StateReasonCode, config.StateReason],
    ['Failed', 'InvalidRuntime', 'No ruby was found. Install ruby.'],
  )
  assert.match(
    await refusal(operations.Invoke({ FunctionName: 'f' }, fake.state, fakeCall())),
    /Install ruby/,
  )
})

test('CreateFunction refuses what AWS refuses, in its words', async () => {
  const cases: [Partial<CreateFunctionRequest>, RegExp][] = [
    [{ Handler: undefined }, /^400 InvalidParameterValueException: Runtime and Handler are mandatory/],
    [{ Runtime: 'nope1.x' }, /Value nope1\.x at 'runtime' .* or be a valid ARN$/],
    [{ Runtime: 'nodejs14.x' }, /The runtime parameter of nodejs14\.x is no longer supported/],
    [{ Code: {} }, /Please provide a source for function code\./],
    [
      { Code: { ZipFile: new Uint8Array(52_428_801) } },
      /^413 .*Zipped size must be smaller than 52428800 bytes$/,
    ],
    [{ MemorySize: 10_241 }, /Value '10241' at 'memorySize' .* less than or equal to 10240$/],
    [{ Timeout: 901 }, /Value '901' at 'timeout'/],
    [
      { Environment: { Variables: { AWS_REGION: 'x', _HANDLER: 'y' } } },
      /Reserved keys used in this request: AWS_REGION, _HANDLER$/,
    ],
    [
      { Environment: { Variables: { A: 'x'.repeat(4_089) } } },
      /exceeded the 4KB limit\. String measured: \{"A":"x/,
    ],
    [{ Layers: ['arn:aws:lambda:us-east-1:1:layer:l:1'] }, /Layer version .*:l:1 does not exist\.$/],
    [{ PackageType: 'Image' }, /^501 NotImplemented: PackageType Image/],
    [{ FunctionName: 'x'.repeat(65) }, /less than or equal to 64$/],
  ]
  for (const [more, expected] of cases)
    assert.match(await refusal(create(fakeLambda(memoryStores()), more)), expected)
  const fits = await withFunction({ Environment: { Variables: { A: 'x'.repeat(4_088) } } })
  assert.ok(fits)
})

test('CreateFunction refuses packages by what staging found', async () => {
  const texts = {
    'not-a-zip': 'Could not unzip uploaded file. Please check your file, then try to upload again.',
    'too-large': 'Unzipped size must be smaller than 262144000 bytes',
    empty: 'Uploaded file must be a non-empty zip',
    link: 'Could not unzip uploaded file. Please check your file, then try to upload again. (link: a)',
  } as const
  for (const [reason, text] of Object.entries(texts)) {
    const fake = fakeLambda(memoryStores())
    fake.sandboxes.stagings = () => ({ kind: 'refused', reason: reason as keyof typeof texts, detail: 'a' })
    assert.equal(await refusal(create(fake)), `400 InvalidParameterValueException: ${text}`)
    assert.equal(fake.blobs.held.size, 0)
  }
})

test('CreateFunction twice is a conflict, also when both come at once, and keeps one package', async () => {
  const fake = await withFunction()
  assert.equal(await refusal(create(fake)), '409 ResourceConflictException: Function already exist: f')
  const other = fakeLambda(memoryStores())
  const both = await Promise.allSettled([create(other), create(other)])
  assert.deepEqual(both.map(({ status }) => status).sort(), ['fulfilled', 'rejected'])
  assert.equal(other.blobs.held.size, 1)
})

test('CreateFunction reads a package from S3, and passes on what S3 says', async () => {
  const fake = fakeLambda(memoryStores())
  fake.answers['s3:GetObject'] = () => ({ Body: utf8('from s3') })
  const made = (await create(fake, { Code: { S3Bucket: 'b', S3Key: 'k', S3ObjectVersion: 'v' } })) as {
    CodeSize: number
  }
  assert.equal(made.CodeSize, 7)
  assert.deepEqual(fake.calls[0], { name: 's3:GetObject', input: { Bucket: 'b', Key: 'k', VersionId: 'v' } })
  fake.answers['s3:GetObject'] = () => {
    throw new Fault('NoSuchKey', 'The specified key does not exist.')
  }
  assert.equal(
    await refusal(create(fake, { FunctionName: 'g', Code: { S3Bucket: 'b', S3Key: 'k' } })),
    '400 InvalidParameterValueException: Error occurred while GetObject. S3 Error Code: NoSuchKey. S3 Error Message: The specified key does not exist.',
  )
})

test('UpdateFunctionConfiguration is InProgress and then in force; what is not named stays', async () => {
  const fake = await withFunction({ Environment: { Variables: { A: '1' } }, Description: 'd' })
  const updated = await operations.UpdateFunctionConfiguration(
    { FunctionName: 'f', MemorySize: 256 },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(
    [updated.State, updated.LastUpdateStatus, updated.LastUpdateStatusReasonCode, updated.MemorySize],
    ['Active', 'InProgress', 'Creating', 256],
  )
  assert.match(
    await refusal(
      operations.UpdateFunctionConfiguration({ FunctionName: 'f', Timeout: 9 }, fake.state, fakeCall()),
    ),
    /^409 ResourceConflictException: The operation cannot be performed at this time\. An update is in progress for resource: arn/,
  )
  await turns()
  const read = await operations.GetFunctionConfiguration({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.deepEqual(
    [read.LastUpdateStatus, read.Environment?.Variables, read.Description],
    ['Successful', { A: '1' }, 'd'],
  )
})

test('updates with another revision are refused', async () => {
  const fake = await withFunction()
  assert.match(
    await refusal(
      operations.UpdateFunctionCode(
        { FunctionName: 'f', ZipFile: utf8('z'), RevisionId: 'other' },
        fake.state,
        fakeCall(),
      ),
    ),
    /^412 PreconditionFailedException: The Revision Id provided does not match/,
  )
})

test('UpdateFunctionCode replaces the package; DryRun only checks it', async () => {
  const fake = await withFunction()
  const dry = await operations.UpdateFunctionCode(
    { FunctionName: 'f', ZipFile: utf8('longer'), DryRun: true },
    fake.state,
    fakeCall(),
  )
  assert.equal(dry.CodeSize, 6)
  assert.deepEqual([...fake.blobs.held.keys()], ['blob-0'])
  await operations.UpdateFunctionCode({ FunctionName: 'f', ZipFile: utf8('longer') }, fake.state, fakeCall())
  await turns()
  assert.deepEqual([...fake.blobs.held.keys()], ['blob-1'])
  const { Configuration } = await operations.GetFunction({ FunctionName: 'f' }, fake.state, fakeCall())
  assert.equal(Configuration?.CodeSize, 6)
})

test('DeleteFunction removes it and its package; unknown functions have AWS\u2019s texts', async () => {
  const fake = await withFunction()
  const call = fakeCall()
  const gone = `404 ResourceNotFoundException: Function not found: ${ARN}`
  assert.match(
    await refusal(operations.DeleteFunction({ FunctionName: 'f', Qualifier: '$LATEST' }, fake.state, call)),
    /\$LATEST version cannot be deleted without deleting the function\.$/,
  )
  assert.deepEqual(await operations.DeleteFunction({ FunctionName: 'f' }, fake.state, call), {
    StatusCode: 204,
  })
  assert.equal(fake.blobs.held.size, 0)
  assert.equal(await refusal(operations.DeleteFunction({ FunctionName: 'f' }, fake.state, call)), gone)
  assert.equal(await refusal(operations.GetFunction({ FunctionName: 'f' }, fake.state, call)), gone)
  assert.equal(await refusal(operations.Invoke({ FunctionName: 'f' }, fake.state, call)), `${gone}:$LATEST`)
})

test('Invoke refuses payloads that are too large or no JSON, and other versions', async () => {
  const fake = await withFunction()
  const invoke = (more: object): unknown =>
    operations.Invoke({ FunctionName: 'f', ...more }, fake.state, fakeCall())
  assert.match(
    await refusal(invoke({ Payload: utf8('{') })),
    /^400 InvalidRequestContentException: Could not parse request body into json: Could not parse payload into json: /,
  )
  assert.match(await refusal(invoke({ Payload: Uint8Array.of(0xff) })), /Invalid UTF-8$/)
  assert.match(
    await refusal(invoke({ Payload: new Uint8Array(6_291_457) })),
    /^413 RequestTooLargeException: Request must be smaller than 6291456 bytes/,
  )
  assert.match(
    await refusal(invoke({ Payload: new Uint8Array(1_048_577), InvocationType: 'Event' })),
    /1048576 bytes/,
  )
  assert.equal(
    await refusal(invoke({ Qualifier: '7' })),
    `404 ResourceNotFoundException: Function not found: ${ARN}:7`,
  )
  assert.match(
    await refusal(invoke({ ClientContext: 'x' })),
    /Client context must be a valid Base64-encoded JSON object\.$/,
  )
  assert.deepEqual(await invoke({ InvocationType: 'DryRun' }), {
    StatusCode: 204,
    Payload: new Uint8Array(0),
  })
})

test('Invoke with Event answers 202 at once and runs it, with retries after a function error', async () => {
  const fake = await withFunction()
  const call = fakeCall()
  const answer = await operations.Invoke({ FunctionName: 'f', InvocationType: 'Event' }, fake.state, call)
  assert.deepEqual(answer, { StatusCode: 202, Payload: new Uint8Array(0) })
  await turns(60)
  const sandbox = fake.sandboxes.last()
  sandbox.boot()
  assert.equal(sandbox.requestId, call.requestId)
  sandbox.fail('{}')
  sandbox.next()
  await turns()
  fake.clock.advance(60_000)
  await turns()
  assert.equal(sandbox.requestId, call.requestId)
  sandbox.work()
  await turns()
  assert.equal(fake.state.events.pending, 0)
  assert.deepEqual(
    fake.begun.map(({ outcome }) => outcome),
    ['error', 'ok'],
  )
})

test('ListFunctions pages by name and shows no state', async () => {
  const fake = await withFunction()
  for (const name of ['a', 'g']) await create(fake, { FunctionName: name })
  const first = await operations.ListFunctions({ MaxItems: 2 }, fake.state, fakeCall())
  assert.deepEqual(
    first.Functions?.map((each) => each.FunctionName),
    ['a', 'f'],
  )
  assert.equal(first.Functions?.[0]?.State, undefined)
  const second = await operations.ListFunctions(
    { MaxItems: 2, Marker: first.NextMarker },
    fake.state,
    fakeCall(),
  )
  assert.deepEqual(
    second.Functions?.map((each) => each.FunctionName),
    ['g'],
  )
  assert.equal(second.NextMarker, undefined)
})
