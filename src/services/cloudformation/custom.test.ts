import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defects, fakeCall, fakePlatform, settled, until } from '#services/cloudformation/fake-ports.ts'
import { asked, nth, put, success, templateOf, TOKEN, world } from '#services/cloudformation/fake-provider.ts'
import { cloudformation, resumeCloudFormation, stopCloudFormation } from '#services/cloudformation/index.ts'

const { operations: op } = cloudformation
const call = fakeCall()

test('A custom resource asks its function and takes id and data from the answer', async () => {
  const { cloud, state, create, status } = world()
  await create({ Count: 1, Flag: true, Deep: { List: [2, 'x'] }, ServiceTimeout: 60 })
  const request = await nth(cloud, state, 1)
  assert.match(
    request.ResponseURL,
    /^http:\/\/127\.0\.0\.1:4566\/cloudformation-custom-resource-response-useast1\/arn%3A.*%7CThing%7C.*X-Amz-Signature=[0-9a-f]{64}$/,
  )
  const { ResponseURL: _, RequestId: id, StackId, ...plain } = request
  assert.match(id, /^[0-9a-f-]{36}$/)
  assert.match(String(StackId), /^arn:aws:cloudformation:us-east-1:000000000000:stack\/app\//)
  assert.deepEqual(plain, {
    RequestType: 'Create',
    ServiceToken: TOKEN,
    LogicalResourceId: 'Thing',
    ResourceType: 'Custom::Thing',
    ResourceProperties: { ServiceToken: TOKEN, Count: '1', Flag: 'true', Deep: { List: ['2', 'x'] } },
  })
  assert.equal(await put(state, request.ResponseURL, success(request, 'thing-1')), 200)
  await settled(state)
  assert.equal(await status(), 'CREATE_COMPLETE')
  const { Stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  assert.deepEqual(
    Stacks?.[0]?.Outputs?.map(({ OutputValue }) => OutputValue),
    ['thing-1', 'd'],
  )
  assert.deepEqual(defects, [])
})

test('An update that answers another id deletes the old thing, one that answers the same does not', async () => {
  const { cloud, state, create, status } = world()
  await create({ Name: 'a' })
  const first = await nth(cloud, state, 1)
  await put(state, first.ResponseURL, success(first, 'a'))
  await settled(state)
  await op.UpdateStack({ StackName: 'app', TemplateBody: templateOf({ Name: 'b' }) }, state, call)
  const update = await nth(cloud, state, 2)
  assert.equal(update.PhysicalResourceId, 'a')
  assert.deepEqual(update['OldResourceProperties'], { ServiceToken: TOKEN, Name: 'a' })
  await put(state, update.ResponseURL, success(update, 'b'))
  const removal = await nth(cloud, state, 3)
  assert.equal(removal.RequestType, 'Delete')
  assert.equal(removal.PhysicalResourceId, 'a')
  assert.deepEqual(removal['ResourceProperties'], { ServiceToken: TOKEN, Name: 'a' })
  await put(state, removal.ResponseURL, success(removal, 'a'))
  await settled(state)
  assert.equal(await status(), 'UPDATE_COMPLETE')
  await op.UpdateStack({ StackName: 'app', TemplateBody: templateOf({ Name: 'c' }) }, state, call)
  const same = await nth(cloud, state, 4)
  await put(state, same.ResponseURL, success(same, 'b'))
  await settled(state)
  assert.equal(await status(), 'UPDATE_COMPLETE')
  assert.equal(asked(cloud).length, 4)
})

test('A failed update is undone by an update back, and what it made is deleted', async () => {
  const { cloud, state, create, status } = world()
  await create({ Name: 'a' })
  const first = await nth(cloud, state, 1)
  await put(state, first.ResponseURL, success(first, 'a'))
  await settled(state)
  const role = {
    Type: 'AWS::Logs::LogGroup',
    DependsOn: 'Thing',
    Properties: { LogGroupName: 'taken' },
  }
  cloud.make('log group', 'taken', {})
  await op.UpdateStack(
    { StackName: 'app', TemplateBody: templateOf({ Name: 'b' }, { Group: role }) },
    state,
    call,
  )
  const update = await nth(cloud, state, 2)
  await put(state, update.ResponseURL, success(update, 'b'))
  const back = await nth(cloud, state, 3)
  assert.deepEqual(
    [back.RequestType, back.PhysicalResourceId, back['ResourceProperties'], back['OldResourceProperties']],
    ['Update', 'b', { ServiceToken: TOKEN, Name: 'a' }, { ServiceToken: TOKEN, Name: 'b' }],
  )
  await put(state, back.ResponseURL, success(back, 'a'))
  const removal = await nth(cloud, state, 4)
  assert.deepEqual([removal.RequestType, removal.PhysicalResourceId], ['Delete', 'b'])
  await put(state, removal.ResponseURL, success(removal, 'b'))
  await settled(state)
  assert.equal(await status(), 'UPDATE_ROLLBACK_COMPLETE')
  const { Stacks } = await op.DescribeStacks({ StackName: 'app' }, state, call)
  assert.equal(Stacks?.[0]?.Outputs?.[0]?.OutputValue, 'a')
})

test('A FAILED answer fails the resource in AWS words, and the provider is told to delete', async () => {
  const { cloud, state, create, status, reasons } = world()
  await create()
  const request = await nth(cloud, state, 1)
  const failed = { Status: 'FAILED', Reason: 'no room', PhysicalResourceId: 'half' }
  await put(state, request.ResponseURL, failed)
  const removal = await nth(cloud, state, 2)
  assert.deepEqual([removal.RequestType, removal.PhysicalResourceId], ['Delete', 'half'])
  await put(state, removal.ResponseURL, success(removal, 'half'))
  await settled(state)
  assert.equal(await status(), 'ROLLBACK_COMPLETE')
  assert.ok(
    (await reasons()).includes(
      `Received response status [FAILED] from custom resource. Message returned: no room (RequestId: ${request.RequestId})`,
    ),
  )
})

test('A provider that never answers fails the resource after its ServiceTimeout on the clock', async () => {
  const made = fakePlatform()
  const { cloud, state, create, status, reasons } = world(made)
  await create({ ServiceTimeout: '60' })
  const request = await nth(cloud, state, 1)
  made.clock.advance(59_000)
  assert.equal(await status(), 'CREATE_IN_PROGRESS')
  made.clock.advance(2_000)
  const removal = await nth(cloud, state, 2)
  assert.equal(removal.RequestType, 'Delete')
  assert.equal(await put(state, request.ResponseURL, success(request, 'late')), 403)
  made.clock.advance(61_000)
  await settled(state)
  assert.equal(await status(), 'ROLLBACK_FAILED')
  assert.ok(
    (await reasons()).some((reason) =>
      reason.startsWith('CloudFormation did not receive a response from your Custom Resource.'),
    ),
  )
})

test('Answers that are none fail the resource', async () => {
  const cases: readonly (readonly [answer: unknown, reason: RegExp])[] = [
    ['no json', /^Invalid response/],
    [{ Status: 'SUCCESS' }, /^Vendor response doesn't contain PhysicalResourceId key in object arn:/],
    [{ PhysicalResourceId: 'x' }, /^Vendor response doesn't contain Status key in object arn:/],
    [
      { Status: 'SUCCESS', PhysicalResourceId: 'x', Data: 'y'.repeat(5_000) },
      /^Response object is too long\./,
    ],
  ]
  for (const [answer, reason] of cases) {
    const { cloud, state, create, status, reasons } = world()
    await create()
    await put(state, (await nth(cloud, state, 1)).ResponseURL, answer)
    const removal = await nth(cloud, state, 2)
    await put(state, removal.ResponseURL, success(removal, 'x'))
    await settled(state)
    assert.equal(await status(), 'ROLLBACK_COMPLETE')
    assert.ok((await reasons()).some((one) => reason.test(one)))
  }
})

test('Answers are taken from nobody who has not the address, and only by PUT', async () => {
  const { cloud, state, create, status } = world()
  await create()
  const { ResponseURL: url } = await nth(cloud, state, 1)
  assert.equal(
    await put(
      state,
      url.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      {},
    ),
    403,
  )
  assert.equal(await put(state, url.replace('%7CThing%7C', '%7COther%7C'), {}), 403)
  assert.equal(await put(state, 'http://h/cloudformation-custom-resource-response-useast1/%ZZ', {}), 403)
  assert.equal(await put(state, url, {}, 'GET'), 405)
  assert.equal(await put(state, url, 'x'.repeat(70_000)), 400)
  assert.equal(await status(), 'CREATE_IN_PROGRESS')
})

test('An attribute that the answer does not have fails the stack in AWS words', async () => {
  const { cloud, state, create, status, reasons } = world()
  await create()
  const request = await nth(cloud, state, 1)
  await put(state, request.ResponseURL, success(request, 'thing', { Other: 1 }))
  const removal = await nth(cloud, state, 2)
  await put(state, removal.ResponseURL, success(removal, 'thing'))
  await settled(state)
  assert.equal(await status(), 'ROLLBACK_COMPLETE')
  assert.ok(
    (await reasons()).some((reason) =>
      reason.startsWith(
        "CustomResource attribute error: Vendor response doesn't contain Data key in object arn:",
      ),
    ),
  )
})

test('A platform that ends while it waits goes on waiting after its start, and asks once', async () => {
  const made = fakePlatform()
  const before = world(made)
  await before.create()
  const request = await nth(made.cloud, before.state, 1)
  await stopCloudFormation(before.state)
  const after = world(made, made.start())
  await resumeCloudFormation(after.state)
  await until(() => after.state.waiting.size > 0)
  await put(after.state, request.ResponseURL, success(request, 'thing'))
  await settled(after.state)
  assert.equal(await after.status(), 'CREATE_COMPLETE')
  assert.equal(asked(made.cloud).length, 1)
})

test('A service token cannot be changed, and must be a function or a topic', async () => {
  const { cloud, state, create, status, reasons } = world()
  await create()
  const first = await nth(cloud, state, 1)
  await put(state, first.ResponseURL, success(first, 'a'))
  await settled(state)
  const other = templateOf({ ServiceToken: `${TOKEN}2` })
  await op.UpdateStack({ StackName: 'app', TemplateBody: other }, state, call)
  await until(() => state.waiting.size > 0)
  const back = asked(cloud).at(-1)
  assert.equal(back?.RequestType, 'Update')
  await put(state, back.ResponseURL, success(back, 'a'))
  await settled(state)
  assert.equal(await status(), 'UPDATE_ROLLBACK_COMPLETE')
  assert.ok((await reasons()).includes('Modifying service token is not allowed.'))
  const queue = world()
  await queue.create({ ServiceToken: 'arn:aws:sqs:us-east-1:000000000000:queue' })
  await settled(queue.state)
  assert.ok((await queue.reasons()).some((reason) => reason.startsWith('Invalid service token: ')))
})
