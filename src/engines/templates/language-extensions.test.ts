import assert from 'node:assert/strict'
import { test } from 'node:test'
import { extended } from '#engines/templates/language-extensions.ts'
import { parseTemplate } from '#engines/templates/parse.ts'
import { knownScope } from '#engines/templates/template.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import type { Dict } from '#engines/templates/value.ts'

function written(text: string, given: Record<string, string> = {}): Dict {
  const parsed = parseTemplate(`Transform: AWS::LanguageExtensions\n${text}`)
  assert.ok(parsed.ok)
  const { body } = parsed.value
  const pseudo = { region: 'eu-west-1', account: '1', partition: 'aws', stackName: 's', stackId: 'i' }
  return extended(body, knownScope(body, new Map(Object.entries(given)), pseudo))
}

test('extended() writes loops out in resources, properties, conditions and outputs', () => {
  const found = written(`
Parameters: { Names: { Type: CommaDelimitedList, Default: 'a,b' } }
Conditions:
  Fn::ForEach::C: [ N, !Ref Names, { 'Is\${N}': !Equals [ !Ref N, a ] } ]
Resources:
  Fn::ForEach::Topics:
    - N
    - !Ref Names
    - 'Topic\${N}':
        Type: AWS::SNS::Topic
        Condition: 'Is\${N}'
        Properties:
          TopicName: !Sub 'topic-\${N}'
          Fn::ForEach::Flags: [ F, [ X, Y ], { 'Flag\${F}': !Sub '\${N}\${F}' } ]
Outputs:
  Fn::ForEach::O: [ N, !Ref Names, { 'Out\${N}': { Value: !GetAtt [ !Sub 'Topic\${N}', TopicName ] } } ]
`)
  const topic = (name: string): Dict => ({
    Type: 'AWS::SNS::Topic',
    Condition: `Is${name}`,
    Properties: {
      TopicName: { 'Fn::Sub': `topic-${name}` },
      FlagX: { 'Fn::Sub': `${name}X` },
      FlagY: { 'Fn::Sub': `${name}Y` },
    },
  })
  assert.deepEqual(found['Resources'], { Topica: topic('a'), Topicb: topic('b') })
  assert.deepEqual(found['Conditions'], {
    Isa: { 'Fn::Equals': ['a', 'a'] },
    Isb: { 'Fn::Equals': ['b', 'a'] },
  })
  assert.deepEqual(found['Outputs'], {
    Outa: { Value: { 'Fn::GetAtt': ['Topica', 'TopicName'] } },
    Outb: { Value: { 'Fn::GetAtt': ['Topicb', 'TopicName'] } },
  })
})

test('extended() makes letters and digits of &{X}, and nests loops', () => {
  const found = written(`
Mappings: { Zones: { eu-west-1: { Names: [ 'a-1', 'b-2' ] } } }
Resources:
  Fn::ForEach::Outer:
    - Zone
    - !FindInMap [ Zones, !Ref AWS::Region, Names ]
    - Fn::ForEach::Inner:
        - Kind
        - [ x, y ]
        - 'R&{Zone}\${Kind}': { Type: AWS::SQS::Queue, Properties: { QueueName: '\${Zone}.\${Kind}' } }
`)
  assert.deepEqual(Object.keys(found['Resources'] as Dict), ['Ra1x', 'Ra1y', 'Rb2x', 'Rb2y'])
  assert.deepEqual((found['Resources'] as Dict)['Rb2y'], {
    Type: 'AWS::SQS::Queue',
    Properties: { QueueName: 'b-2.y' },
  })
})

test('extended() decides policies and names by parameters', () => {
  const found = written(
    `
Parameters: { Keep: { Type: String }, Need: { Type: String, Default: B } }
Resources:
  A: { Type: AWS::SQS::Queue, DeletionPolicy: !Ref Keep, DependsOn: [ !Ref Need ], Properties: { X: !Ref { Ref: Need } } }
  B: { Type: AWS::SQS::Queue }
`,
    { Keep: 'Retain' },
  )
  assert.deepEqual((found['Resources'] as Dict)['A'], {
    Type: 'AWS::SQS::Queue',
    DeletionPolicy: 'Retain',
    DependsOn: ['B'],
    Properties: { X: { Ref: 'B' } },
  })
})

test('extended() refuses loops that are none, double a key, go too deep or too far', () => {
  const refused = (loop: string): void => {
    assert.throws(() => written(`Resources:\n  Q: { Type: AWS::SQS::Queue }\n  ${loop}`), TemplateError)
  }
  refused('Fn::ForEach::L: [ X, [ a ] ]')
  refused('Fn::ForEach::L: [ X, [ a ], { "R${X}": {} }, more ]')
  refused('Fn::ForEach::L: [ X, [ a, b ], { Same: {} } ]')
  refused('Fn::ForEach::L: [ X, !Ref Q, { "R${X}": {} } ]')
  refused('Fn::ForEach::L: [ X, !GetAtt Q.Arn, { "R${X}": {} } ]')
  const deep = (n: number): string =>
    n === 0 ? '{ "R": {} }' : `{ Fn::ForEach::L${n}: [ X${n}, [ a ], ${deep(n - 1)} ] }`
  refused(`Fn::ForEach::L: [ X, [ a ], ${deep(5)} ]`)
  const ten = '[ a, b, c, d, e, f, g, h, i, j ]'
  const wide = (n: number): string =>
    n === 0 ? '{ "R": {} }' : `{ Fn::ForEach::L${n}: [ X${n}, ${ten.repeat(1)}, ${wide(n - 1)} ] }`
  refused(`Fn::ForEach::L: [ X, ${ten}, ${wide(4).replace('"R"', '"R${X}${X1}${X2}${X3}${X4}"')} ]`)
})
