import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { cidrBlocks } from '#engines/templates/cidr.ts'
import { conditionOutcomes } from '#engines/templates/conditions.ts'
import { evaluate, type Scope } from '#engines/templates/evaluate.ts'
import { cycleIn, dependencyGraph, referencesIn, reversed } from '#engines/templates/graph.ts'
import { parseTemplate } from '#engines/templates/parse.ts'
import { declaredParameters, parameterTexts, parameterValues } from '#engines/templates/parameters.ts'
import { checkSections, resolveTemplate } from '#engines/templates/template.ts'
import { TemplateError } from '#engines/templates/template-error.ts'
import type { Dict, Value } from '#engines/templates/value.ts'
import { zipOf } from '#engines/templates/zip.ts'
import { zonesOf } from '#engines/templates/zones.ts'
import { utf8 } from '#base/bytes.ts'

const body = (text: string): Dict => {
  const parsed = parseTemplate(text)
  assert.ok(parsed.ok, parsed.ok ? '' : parsed.error.message)
  return parsed.value.body
}

const scope: Scope = {
  parameters: new Map<string, Value>([
    ['Name', 'web'],
    ['List', ['a', 'b']],
  ]),
  pseudo: new Map<string, Value>([['AWS::Region', 'eu-west-1']]),
  mappings: { Sizes: { small: { mb: 128 } } },
  conditions: new Map([
    ['Always', true],
    ['Never', false],
  ]),
  languageExtensions: true,
  zones: zonesOf,
  ref: (id) => (id === 'Bucket' ? 'the-bucket' : undefined),
  attribute: (id, name) => (id === 'Bucket' && name === 'Arn' ? 'arn:aws:s3:::the-bucket' : undefined),
  exported: (name) => (name === 'shared' ? 'value' : undefined),
}

const check = (input: string, expected: unknown): void =>
  assert.deepEqual(evaluate(body(`V: ${input}`)['V'] ?? null, scope), expected)

const refused = (input: string, message: string): void => {
  assert.throws(
    () => evaluate(body(`V: ${input}`)['V'] ?? null, scope),
    (error) => error instanceof TemplateError && error.message === message,
  )
}

test('evaluate() gives what each function means', () => {
  check('!Ref Name', 'web')
  check('!Ref Bucket', 'the-bucket')
  check('!GetAtt Bucket.Arn', 'arn:aws:s3:::the-bucket')
  check(
    '!Sub "${Name}-${AWS::Region}-${Bucket.Arn}-${!Literal}"',
    'web-eu-west-1-arn:aws:s3:::the-bucket-${Literal}',
  )
  check('!Sub ["${a}/${Name}", { a: !Ref Bucket }]', 'the-bucket/web')
  check('!Join ["-", [a, 1, true, !Ref Name]]', 'a-1-true-web')
  check('!Join [",", !Ref List]', 'a,b')
  check('!Select [1, !Split [",", "x,y,z"]]', 'y')
  check('!FindInMap [Sizes, small, mb]', 128)
  check('!FindInMap [Sizes, huge, mb, { DefaultValue: 9 }]', 9)
  check('!Base64 hello', 'aGVsbG8=')
  check('!If [Always, 1, 2]', 1)
  check('{ a: !If [Never, 1, !Ref AWS::NoValue], b: 2 }', { b: 2 })
  check('[!If [Never, 1, !Ref AWS::NoValue], 2]', [2])
  check('!GetAZs ""', ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'])
  check('!ImportValue shared', 'value')
  check('!Length [1, 2, 3]', 3)
  check('!ToJsonString { a: !Ref Name }', '{"a":"web"}')
  check('!Cidr ["10.0.0.0/16", 2, 8]', ['10.0.0.0/24', '10.0.1.0/24'])
})

test('evaluate() refuses in AWS words', () => {
  refused('!FindInMap [Sizes, huge, mb]', 'Template error: Unable to get mapping for Sizes::huge::mb')
  refused('!Select [7, [a]]', 'Template error: Fn::Select cannot select nonexistent value at index 7')
  refused(
    '!GetAtt Bucket.Colour',
    'Template error: resource Bucket does not support attribute type Colour in Fn::GetAtt',
  )
  refused('!ImportValue nothing', 'No export named nothing found.')
  refused(
    '!Sub "${a b}"',
    'Template error: variable names in Fn::Sub syntax must contain only alphanumeric characters, underscores, periods, and colons',
  )
})

test('parseTemplate() tells the line of what is wrong and of what is there', () => {
  const wrong = parseTemplate('Resources:\n  A:\n   - b\n  c: [')
  assert.ok(!wrong.ok)
  assert.match(
    wrong.error.message,
    /^Template format error: YAML not well-formed\. \(line \d+, column \d+\)$/,
  )
  const tag = parseTemplate('A: 1\nB: !Reff x')
  assert.ok(!tag.ok && tag.error.line === 2)
  const parsed = parseTemplate('Resources:\n  A:\n    Type: AWS::S3::Bucket\n')
  assert.ok(parsed.ok)
  assert.equal(parsed.value.lineOf('Resources', 'A', 'Type'), 3)
  const json = parseTemplate('{\n "Resources": {\n  "A": {}\n }\n}')
  assert.ok(json.ok && json.value.format === 'json')
  assert.equal(json.value.lineOf('Resources', 'A'), 3)
})

test('parseTemplate() keeps numbers whose spelling matters, and reads booleans of YAML 1.1', () => {
  assert.deepEqual(body('a: 2.0\nb: 012345678901\nc: 5\nd: yes\ne: "yes"\nf: 2012-10-17\ng: ~'), {
    a: '2.0',
    b: '012345678901',
    c: 5,
    d: true,
    e: 'yes',
    f: '2012-10-17',
    g: null,
  })
})

test('parseTemplate() gives back any JSON as it was', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (value) => {
      if (JSON.stringify(value).includes('__proto__')) return
      const plain: unknown = JSON.parse(JSON.stringify(value))
      assert.deepEqual(body(JSON.stringify(value)), plain)
    }),
  )
})

test('conditionOutcomes() decides with every operation and refuses a circle', () => {
  const section = body(`
A: !Equals [!Ref Name, web]
B: !Not [!Condition A]
C: !And [!Condition A, !Or [!Condition B, !Equals [1, "1"]]]
`)
  assert.deepEqual(
    [...conditionOutcomes(section, scope)],
    [
      ['A', true],
      ['B', false],
      ['C', true],
    ],
  )
  assert.throws(
    () => conditionOutcomes(body('A: !Not [!Condition B]\nB: !Not [!Condition A]'), scope),
    TemplateError,
  )
})

const values = (parameters: string, given: Record<string, string>): Map<string, Value> => {
  const declared = declaredParameters(body(`Parameters:\n${parameters}`))
  return parameterValues(declared, parameterTexts(declared, new Map(Object.entries(given))))
}

test('parameterTexts() holds values to their constraints in AWS words', () => {
  const refuse = (parameters: string, given: Record<string, string>, message: string): void =>
    assert.throws(() => values(parameters, given), { message })
  refuse('  A: { Type: String }', {}, 'Parameters: [A] must have values')
  refuse('  A: { Type: String, Default: x }', { B: '1' }, 'Parameters: [B] do not exist in the template')
  refuse(
    '  A: { Type: String, AllowedValues: [x, y] }',
    { A: 'z' },
    "Parameter 'A' must be one of AllowedValues",
  )
  refuse(
    '  A: { Type: String, AllowedPattern: "[a-z]+" }',
    { A: '9' },
    "Parameter 'A' must match pattern [a-z]+",
  )
  refuse(
    '  A: { Type: Number, MaxValue: 3 }',
    { A: '4' },
    "Parameter 'A' must be a number not greater than 3",
  )
  refuse(
    '  A: { Type: String, MinLength: 2, ConstraintDescription: be longer }',
    { A: '4' },
    'Parameter A failed to satisfy constraint: be longer',
  )
  assert.deepEqual([...values('  A: { Type: CommaDelimitedList, Default: "x, y" }', {})], [['A', ['x', 'y']]])
})

test('dependencyGraph() follows every way of naming a resource, and only the branch that counts', () => {
  const resources = body(`
A: { Properties: { X: !Ref B, Y: !Sub "\${C.Arn}", Z: !If [Never, !Ref D, 1] }, DependsOn: E }
B: {}
C: {}
D: {}
E: {}
`)
  const graph = dependencyGraph(resources, resources, () => false, scope.conditions)
  assert.deepEqual([...(graph.get('A') ?? [])].sort(), ['B', 'C', 'E'])
  assert.deepEqual([...(reversed(graph).get('B') ?? [])], ['A'])
  assert.deepEqual(referencesIn(body('V: !GetAtt A.B.C')['V'], undefined), [{ name: 'A', attribute: 'B.C' }])
})

test('cycleIn() names exactly what is on a cycle', () => {
  const graph = new Map([
    ['A', new Set(['B'])],
    ['B', new Set(['C'])],
    ['C', new Set(['B'])],
    ['D', new Set<string>()],
  ])
  assert.deepEqual(cycleIn(graph), ['B', 'C'])
})

test('resolveTemplate() leaves out what its condition excludes and refuses references to it', () => {
  const pseudo = { region: 'us-east-1', account: '0', partition: 'aws', stackName: 's', stackId: 'id' }
  const text = (reference: string): string => `
Conditions: { Never: !Equals [a, b] }
Resources:
  A: { Type: 'AWS::S3::Bucket', Condition: Never }
  B: { Type: 'AWS::S3::Bucket', Properties: { BucketName: ${reference} } }
`
  const resolved = resolveTemplate(body(text('!If [Never, !Ref A, fixed]')), new Map(), pseudo)
  assert.deepEqual([...resolved.resources.keys()], ['B'])
  assert.throws(() => resolveTemplate(body(text('!Ref A')), new Map(), pseudo), {
    message:
      'Template format error: Unresolved resource dependencies [A] in the Resources block of the template',
  })
})

test('checkSections() refuses templates of the wrong form in AWS words', () => {
  const refuse = (text: string, message: string): void =>
    assert.throws(() => checkSections(body(text)), { message })
  refuse('Resources: {}', 'Template format error: At least one Resources member must be defined.')
  refuse('Resource: {}', 'Invalid template property or properties [Resource]')
  refuse(
    'Resources: { A: { Properties: {} } }',
    'Template format error: [/Resources/A] Every Resources object must contain a Type member.',
  )
})

test('cidrBlocks() splits blocks of both families and refuses more than there are', () => {
  assert.deepEqual(cidrBlocks('2001:db8::/56', 2, 64), ['2001:db8::/64', '2001:db8:0:1::/64'])
  assert.throws(() => cidrBlocks('10.0.0.0/24', 3, 7), TemplateError)
})

test('zipOf() gives the same bytes for the same content', () => {
  const entries = [{ name: 'index.js', content: utf8('exports.handler = 1') }]
  const zip = zipOf(entries)
  assert.deepEqual(zip, zipOf(entries))
  assert.deepEqual([...zip.subarray(0, 4)], [0x50, 0x4b, 3, 4])
  assert.equal(new TextDecoder().decode(zip.subarray(30, 38)), 'index.js')
})
