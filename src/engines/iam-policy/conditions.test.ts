import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { dateOf, holds, operatorOf } from '#engines/iam-policy/conditions.ts'
import { contextOf, fits } from '#engines/iam-policy/glob.ts'
import { inNetwork } from '#engines/iam-policy/networks.ts'

type Keys = Readonly<Record<string, string | readonly string[]>>

function check(operator: string, wanted: string | readonly string[], found: Keys = {}): boolean {
  const context = contextOf(Object.entries(found).map(([key, value]) => [key, [value].flat()]))
  return holds({ operator, key: 'k', values: [wanted].flat() }, context, context)
}

test('Each operator holds for what the user guide says and fails for the rest', () => {
  const cases: readonly (readonly [string, string, string, boolean])[] = [
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', 'a', 'A', false],
    ['StringNotEquals', 'a', 'b', true],
    ['StringEqualsIgnoreCase', 'a', 'A', true],
    ['StringNotEqualsIgnoreCase', 'a', 'A', false],
    ['StringLike', 'a*c?', 'abbcd', true],
    ['StringLike', 'a?', 'a', false],
    ['StringNotLike', 'a*', 'ab', false],
    ['NumericEquals', '10', '10.0', true],
    ['NumericNotEquals', '10', '11', true],
    ['NumericLessThan', '10', '9', true],
    ['NumericLessThan', '10', 'nine', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '10', '10', false],
    ['NumericGreaterThanEquals', '10', '10', true],
    ['DateEquals', '2020-01-01T00:00:00Z', '1577836800', true],
    ['DateLessThan', '2020-01-01', '2019-12-31T23:59:59Z', true],
    ['DateLessThanEquals', '2020-01-01T00:00:00Z', '2020-01-01T01:00:00+01:00', true],
    ['DateGreaterThan', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z', false],
    ['DateGreaterThanEquals', '2020-01-01T00:00:00Z', '2020-01-01T00:00:00Z', true],
    ['DateNotEquals', '2020-01-01T00:00:00Z', '2021-01-01T00:00:00Z', true],
    ['Bool', 'true', 'TRUE', true],
    ['Bool', 'true', 'false', false],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['IpAddress', '203.0.113.0/24', '203.0.113.255', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.0', false],
    ['IpAddress', '2001:db8:1234:5678::/64', '2001:DB8:1234:5678::1', true],
    ['NotIpAddress', '203.0.113.0/24', '203.0.114.0', true],
    ['ArnEquals', 'arn:aws:sns:*:1:t', 'arn:aws:sns:eu-west-1:1:t', true],
    ['ArnLike', 'arn:aws:sns:*:1:t*', 'arn:aws:sns:eu-west-1:1:topic', true],
    ['ArnLike', 'arn:aws:sns:*:t', 'arn:aws:sns:eu-west-1:1:t', false],
    ['ArnNotEquals', 'arn:aws:sns:*:1:t', 'arn:aws:sns:eu-west-1:2:t', true],
    ['ArnNotLike', 'arn:aws:sns:*:1:*', 'arn:aws:sns:eu-west-1:1:t', false],
  ]
  for (const [operator, wanted, found, expected] of cases)
    assert.equal(check(operator, wanted, { k: found }), expected, `${operator} ${wanted} ${found}`)
})

test('An absent key fails plain operators and holds for negated ones, IfExists and ForAllValues', () => {
  for (const operator of ['StringEquals', 'Bool', 'IpAddress', 'NumericLessThan', 'ForAnyValue:StringLike'])
    assert.equal(check(operator, '1'), false, operator)
  for (const operator of [
    'StringNotEquals',
    'NotIpAddress',
    'ArnNotLike',
    'StringEqualsIfExists',
    'BoolIfExists',
    'ForAllValues:StringEquals',
    'ForAnyValue:StringEqualsIfExists',
  ])
    assert.equal(check(operator, '1'), true, operator)
  assert.equal(check('ForAnyValue:StringNotEquals', '1'), false)
  assert.equal(check('StringEqualsIfExists', '1', { k: '2' }), false)
})

test('Null looks whether the key is there', () => {
  assert.equal(check('Null', 'true'), true)
  assert.equal(check('Null', 'false'), false)
  assert.equal(check('Null', 'true', { k: 'x' }), false)
  assert.equal(check('Null', 'false', { k: 'x' }), true)
})

test('Several values are an or, negated a nor; set operators go through the values of the request', () => {
  assert.equal(check('StringEquals', ['a', 'b'], { k: 'b' }), true)
  assert.equal(check('StringNotEquals', ['a', 'b'], { k: 'b' }), false)
  const tags = { k: ['a', 'b'] }
  assert.equal(check('ForAllValues:StringEquals', ['a', 'b', 'c'], tags), true)
  assert.equal(check('ForAllValues:StringEquals', ['a'], tags), false)
  assert.equal(check('ForAnyValue:StringEquals', ['b', 'z'], tags), true)
  assert.equal(check('ForAnyValue:StringEquals', ['z'], tags), false)
  assert.equal(check('ForAllValues:StringNotEquals', ['z'], tags), true)
  assert.equal(check('ForAllValues:StringNotEquals', ['b'], tags), false)
})

test('Keys are read without case, and values may hold variables', () => {
  const context = contextOf([
    ['AWS:UserName', ['bob']],
    ['s3:prefix', ['home/bob/x']],
  ])
  const condition = { operator: 'StringLike', key: 'S3:Prefix', values: ['home/${aws:username}/*'] }
  assert.equal(holds(condition, context, context), true)
  assert.equal(holds(condition, context, undefined), false)
  assert.equal(holds({ ...condition, values: ['${aws:absent}'] }, context, context), false)
})

test('operatorOf() knows AWS’s operators only', () => {
  for (const name of ['StringEquals', 'ForAnyValue:StringEqualsIfExists', 'Null', 'ArnLike'])
    assert.notEqual(operatorOf(name), undefined, name)
  for (const name of ['', 'x', 'NullIfExists', 'ForAnyValue::StringEquals', 'ForSomeValues:StringEquals'])
    assert.equal(operatorOf(name), undefined, name)
})

test('dateOf() reads dates shortened to years and days, and seconds since 1970', () => {
  assert.equal(dateOf('1970'), 0)
  assert.equal(dateOf('1970-01-02'), 86_400_000)
  assert.equal(dateOf('86400'), 86_400_000)
  for (const bad of ['', 'now', '2020-13-01T00:00:00Z', '20-01']) assert.equal(dateOf(bad), undefined, bad)
})

test('inNetwork() holds nothing that cannot be read', () => {
  assert.equal(inNetwork('10.0.0.1', '10.0.0.1'), true)
  assert.equal(inNetwork('::ffff:10.0.0.1', '10.0.0.0/8'), true)
  assert.equal(inNetwork('10.0.0.1', '0.0.0.0/0'), true)
  for (const network of ['10.0.0.0/33', '10.0.0', '300.0.0.0/8', '::/0', '10.0.0.0/x', ''])
    assert.equal(inNetwork('10.0.0.1', network), false, network)
})

test('fits() agrees with a regular expression', () => {
  const text = fc.stringMatching(/^[ab]{0,8}$/)
  const pattern = fc.stringMatching(/^[ab*?]{0,6}$/)
  fc.assert(
    fc.property(pattern, text, (wanted, found) => {
      const expression = new RegExp(`^${wanted.replaceAll('*', '.*').replaceAll('?', '.')}$`)
      assert.equal(fits(wanted, found), expression.test(found))
    }),
    { numRuns: 3_000 },
  )
})
