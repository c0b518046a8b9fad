import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { Fault } from '#base/fault.ts'
import { seeded } from '#base/random.ts'
import {
  concerns,
  encodedKey,
  notificationsOf,
  type NotificationRule,
  printedNotifications,
} from '#services/s3/notifications.ts'

type Configuration = Parameters<typeof notificationsOf>[0]

const REGION = 'us-east-1'
const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:q'

const read = (configuration: unknown): ReturnType<typeof notificationsOf> =>
  notificationsOf(configuration as Configuration, REGION, seeded(1))

const queue = (events: readonly string[], filter: Record<string, string> = {}): Record<string, unknown> => ({
  QueueArn: QUEUE,
  Events: events,
  Filter: { Key: { FilterRules: Object.entries(filter).map(([Name, Value]) => ({ Name, Value })) } },
})

function refusal(configuration: unknown): readonly [string, unknown, unknown] {
  try {
    read(configuration)
  } catch (error) {
    assert.ok(error instanceof Fault)
    return [error.message, error.members['ArgumentName'], error.members['ArgumentValue']]
  }
  return ['accepted', undefined, undefined]
}

test('notificationsOf() reads all kinds of destinations, and printedNotifications() gives them back', () => {
  const topic = 'arn:aws:sns:us-east-1:000000000000:t'
  const fn = 'arn:aws:lambda:us-east-1:000000000000:function:f'
  const read0 = read({
    QueueConfigurations: [
      { ...queue(['s3:ObjectCreated:Put'], { prefix: 'a/', SUFFIX: '.jpg' }), Id: 'one' },
    ],
    TopicConfigurations: [{ TopicArn: topic, Events: ['s3:ObjectRemoved:*'], Id: 'two' }],
    LambdaFunctionConfigurations: [{ LambdaFunctionArn: fn, Events: ['s3:ObjectTagging:*'] }],
    EventBridgeConfiguration: {},
  })
  const printed = printedNotifications(read0)
  assert.deepEqual(printed.QueueConfigurations, [
    {
      Id: 'one',
      QueueArn: QUEUE,
      Events: ['s3:ObjectCreated:Put'],
      Filter: {
        Key: {
          FilterRules: [
            { Name: 'Prefix', Value: 'a/' },
            { Name: 'Suffix', Value: '.jpg' },
          ],
        },
      },
    },
  ])
  assert.deepEqual(printed.TopicConfigurations, [
    { Id: 'two', TopicArn: topic, Events: ['s3:ObjectRemoved:*'] },
  ])
  assert.match(printed.LambdaFunctionConfigurations?.[0]?.Id ?? '', /^[0-9a-f-]{36}$/)
  assert.deepEqual(printed.EventBridgeConfiguration, {})
  assert.deepEqual(printedNotifications(read({})), {})
})

test('notificationsOf() refuses ARNs, events and filters in AWS words', () => {
  const arn = (QueueArn: string): unknown => ({
    QueueConfigurations: [{ ...queue(['s3:ObjectCreated:*']), QueueArn }],
  })
  assert.deepEqual(refusal(arn('invalid-queue')), ['The ARN could not be parsed', 'Queue', 'invalid-queue'])
  assert.equal(refusal(arn('arn:aws:sns:us-east-1:000000000000:t'))[0], 'The ARN could not be parsed')
  assert.equal(
    refusal(arn('arn:aws:sqs:eu-west-1:000000000000:q'))[0],
    'The notification destination service region is not valid for the bucket location constraint',
  )
  assert.equal(refusal(arn(`${QUEUE}.fifo`))[0], 'FIFO SQS queues are not supported.')
  assert.deepEqual(refusal({ QueueConfigurations: [queue(['s3:NoEvent'])] }), [
    "The event 's3:NoEvent' is not supported for notifications",
    'Event',
    's3:NoEvent',
  ])
  assert.deepEqual(refusal({ QueueConfigurations: [queue(['s3:ObjectCreated:*'], { INVALID: 'a' })] }), [
    'filter rule name must be either prefix or suffix',
    'FilterRule.Name',
    'INVALID',
  ])
  assert.equal(
    refusal({ QueueConfigurations: [queue(['s3:ObjectCreated:*'], { prefix: 'a', Prefix: 'b' })] })[0],
    'Cannot specify more than one prefix rule in a filter.',
  )
})

const OVERLAP = 'Configurations overlap. Configurations on the same bucket cannot share a common event type.'
const AMBIGUOUS =
  'Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.'

test('notificationsOf() refuses rules that one event could meet, and no others', () => {
  const both = (a: Record<string, unknown>, b: Record<string, unknown>): string =>
    refusal({ QueueConfigurations: [a, b] })[0]
  const created = ['s3:ObjectCreated:*']
  assert.equal(both(queue(created), queue(['s3:ObjectCreated:Put'])), OVERLAP)
  assert.equal(both(queue(created), queue(['s3:ObjectRemoved:*'])), 'accepted')
  assert.equal(both(queue(created, { prefix: 'images/' }), queue(created)), AMBIGUOUS)
  assert.equal(both(queue(created, { suffix: 'jpg' }), queue(created, { suffix: 'pg' })), AMBIGUOUS)
  assert.equal(
    both(
      queue(created, { prefix: 'images', suffix: 'jpg' }),
      queue(created, { prefix: 'images', suffix: 'png' }),
    ),
    'accepted',
  )
  assert.equal(
    both(queue(created, { prefix: 'images' }), queue(created, { prefix: 'images/thumbs', suffix: 'jpg' })),
    AMBIGUOUS,
  )
  assert.equal(both(queue(created, { prefix: 'images/' }), queue(created, { prefix: 'logs/' })), 'accepted')
})

test('of accepted rules no two concern one event', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 3 })
  const type = fc.constantFrom('s3:ObjectCreated:*', 's3:ObjectCreated:Put', 's3:ObjectRemoved:*')
  const rule = fc.record({ prefix: text, suffix: text, type })
  fc.assert(
    fc.property(rule, rule, text, (one, other, middle) => {
      const rules = [one, other].map(({ type: event, ...filter }) => queue([event], filter))
      if (refusal({ QueueConfigurations: rules })[0] !== 'accepted') return
      const read0 = read({ QueueConfigurations: rules })
      for (const { prefix, suffix } of [one, other]) {
        for (const event of ['s3:ObjectCreated:Put', 's3:ObjectRemoved:Delete']) {
          const met = read0.rules.filter((each) => concerns(each, event, `${prefix}${middle}${suffix}`))
          assert.ok(met.length <= 1)
        }
      }
    }),
  )
})

test('concerns() holds prefix and suffix against the key as it is and as it is encoded', () => {
  const rule = (prefix: string, suffix: string): NotificationRule => ({
    kind: 'queue',
    id: 'i',
    arn: QUEUE,
    events: ['s3:ObjectCreated:*'],
    filter: [
      { Name: 'Prefix', Value: prefix },
      { Name: 'Suffix', Value: suffix },
    ],
  })
  const put = 's3:ObjectCreated:Put'
  assert.ok(concerns(rule('in/', '.jpg'), put, 'in/a.jpg'))
  assert.ok(!concerns(rule('in/', '.jpg'), put, 'out/a.jpg'))
  assert.ok(!concerns(rule('in/', '.jpg'), put, 'in/a.png'))
  assert.ok(!concerns(rule('in/', '.jpg'), 's3:ObjectRemoved:Delete', 'in/a.jpg'))
  assert.ok(concerns(rule('red+flower', ''), put, 'red flower.jpg'))
  assert.ok(concerns(rule('red flower', ''), put, 'red flower.jpg'))
  assert.equal(encodedKey('a b/c@d+é(1).txt'), 'a+b/c%40d%2B%C3%A9%281%29.txt')
})
