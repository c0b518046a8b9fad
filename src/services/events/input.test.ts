/** What targets receive: AWS's examples of input paths and templates. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Target } from '#model/events.ts'
import { eventOfText, eventText, minified } from '#services/events/event.ts'
import { inputOf, unknownPlaceholder } from '#services/events/input.ts'

const EVENT = eventText({
  id: '7bf73129-1428-4cd3-a780-95db273d1602',
  detailType: 'EC2 Instance State-change Notification',
  source: 'aws.ec2',
  account: '123456789012',
  time: Date.UTC(2015, 10, 11, 21, 29, 54),
  region: 'us-east-1',
  resources: ['arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111'],
  detail:
    '{"instance-id":"i-0123456789","state":"RUNNING","ids":[{"n":1},{"n":2}],"payload":{"acc_id":"0a-1","sf":["A","B"]},"none":null,"count":2.50}',
})

const of = {
  text: EVENT,
  ruleArn: 'arn:aws:events:us-east-2:123456789012:rule/example',
  ruleName: 'example',
  ingestedAt: Date.UTC(2015, 10, 11, 21, 29, 55, 42),
}

const inputFor = (more: Omit<Target, 'Id' | 'Arn'>): string | undefined =>
  inputOf({ Id: '1', Arn: 'arn:aws:sqs:us-east-1:1:q', ...more }, of)

const PATHS = { instance: '$.detail.instance-id', state: '$.detail.state', payload: '$.detail.payload' }

const template = (InputTemplate: string, InputPathsMap: Readonly<Record<string, string>> = PATHS) =>
  inputFor({ InputTransformer: { InputTemplate, InputPathsMap } })

test('inputOf() gives the whole event, a constant, or what a path leads to', () => {
  assert.equal(inputFor({}), EVENT)
  assert.equal(inputFor({ Input: ' {"a": 1}' }), ' {"a": 1}')
  const paths: readonly (readonly [string, string])[] = [
    ['$.detail.state', '"RUNNING"'],
    ['$.detail-type', '"EC2 Instance State-change Notification"'],
    ['$.detail.instance-id', '"i-0123456789"'],
    ['$.resources[0]', '"arn:aws:ec2:us-east-1:123456789012:instance/i-abcd1111"'],
    ['$.detail.ids[1].n', '2'],
    ['$.detail.ids[*].n', '[1,2]'],
    ['$.detail.none', 'null'],
    ['$.detail.missing', '""'],
    ['detail', '""'],
  ]
  for (const [InputPath, expected] of paths) assert.equal(inputFor({ InputPath }), expected, InputPath)
  assert.equal(inputFor({ InputPath: '$' }), JSON.stringify(JSON.parse(EVENT)))
})

test("inputOf() fills templates as AWS's examples do", () => {
  const cases: readonly (readonly [string, string])[] = [
    ['"instance <instance> is in <state>"', '"instance i-0123456789 is in RUNNING"'],
    ['"instance \\"<instance>\\" is in <state>"', '"instance \\"i-0123456789\\" is in RUNNING"'],
    ['{\n  "instance" : <instance>,\n  "state": <state>\n}', '{"instance":"i-0123456789","state":"RUNNING"}'],
    [
      '{ "instance" : <instance>, "state": "<state>", "status": "instance \\"<instance>\\" is in <state>" }',
      '{"instance":"i-0123456789","state":"RUNNING","status":"instance \\"i-0123456789\\" is in RUNNING"}',
    ],
    [
      '{ "state": [ 9, <state>, true ], "Transformed" : "Yes" }',
      '{"state":[9,"RUNNING",true],"Transformed":"Yes"}',
    ],
    ['"<aws.events.rule-name> triggered"', '"example triggered"'],
    ['{"arn": <aws.events.rule-arn>}', `{"arn":"${of.ruleArn}"}`],
    ['{"at": <aws.events.event.ingestion-time>}', '{"at":"2015-11-11T21:29:55.042Z"}'],
    ['"payload <payload>"', '"payload {acc_id:0a-1,sf:[A,B]}"'],
    ['{"payload": <payload>}', '{"payload":{"acc_id":"0a-1","sf":["A","B"]}}'],
    ['{"n": 2.50, "missing": <gone>, "text": "<gone>."}', '{"n":2.50,"missing":"","text":"."}'],
  ]
  for (const [given, expected] of cases)
    assert.equal(template(given, { ...PATHS, gone: '$.detail.gone' }), expected, given)
  assert.equal(
    template('{"event": <aws.events.event.json>}'),
    `{"event":${JSON.stringify(JSON.parse(EVENT))}}`,
  )
  const { detail: _, 'detail-type': detailType, ...rest } = JSON.parse(EVENT) as Record<string, unknown>
  const own = JSON.parse(template('{"event": <aws.events.event>}') ?? '') as { event: unknown }
  assert.deepEqual(own.event, { ...rest, detailType })
})

test('inputOf() gives nothing for a template that comes to no JSON', () => {
  assert.equal(template('{"a": <state> <state>}'), undefined)
  assert.equal(template('state is <state>'), undefined)
})

test('unknownPlaceholder() names the first that stands for nothing', () => {
  const of = (InputTemplate: string) => unknownPlaceholder({ InputTemplate, InputPathsMap: PATHS })
  assert.equal(of('{"a": <state>, "b": <nope>, "c": <other>}'), 'nope')
  assert.equal(of('{"a": <state>, "b": <aws.events.event.json>}'), undefined)
  assert.equal(of('{"a": "1 < 2 > 0"}'), undefined)
})

test('minified() changes nothing but blanks between tokens', () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({ min: 0, max: 4 }), (json, spaces) => {
      const spaced = JSON.stringify(JSON.parse(json), null, spaces)
      assert.equal(minified(spaced), JSON.stringify(JSON.parse(json)))
    }),
  )
  assert.equal(
    minified(' { "a\\" b" :\t1.0 , "n": 12345678901234567890 }\n'),
    '{"a\\" b":1.0,"n":12345678901234567890}',
  )
})

test('eventOfText() reads what eventText() wrote', () => {
  fc.assert(
    fc.property(
      fc.record(
        {
          id: fc.uuid(),
          source: fc.string(),
          detailType: fc.string({ unit: 'binary' }),
          account: fc.constant('000000000000'),
          time: fc.integer({ min: 0, max: 4_000_000_000 }).map((seconds) => seconds * 1_000),
          region: fc.constant('us-east-1'),
          resources: fc.array(fc.string()),
          detail: fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value)),
          replayName: fc.option(fc.string({ minLength: 1 }), { nil: undefined }),
        },
        { noNullPrototype: true },
      ),
      (event) => assert.deepEqual(eventOfText(eventText(event)), event),
    ),
  )
})
