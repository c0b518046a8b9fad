/** Spellings of function names. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION } from '#base/ids.ts'
import { referenceTo } from '#services/lambda/names.ts'

const owner = { account: DEFAULT_ACCOUNT, region: DEFAULT_REGION }
const ARN = 'arn:aws:lambda:us-east-1:000000000000:function:f'

function read(spelled: string, qualifier?: string): string {
  try {
    const { name, qualifier: found } = referenceTo(spelled, qualifier, owner)
    return found === undefined ? name : `${name} ${found}`
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`
    throw error
  }
}

test('referenceTo() reads names, partial ARNs and ARNs, with and without qualifier', () => {
  const cases = [
    ['f', undefined, 'f'],
    ['f:$LATEST', undefined, 'f $LATEST'],
    ['f', '1', 'f 1'],
    ['000000000000:function:f', undefined, 'f'],
    ['function:f', undefined, 'f'],
    [ARN, undefined, 'f'],
    [`${ARN}:live`, undefined, 'f live'],
    [`${ARN}:live`, 'live', 'f live'],
  ] as const
  for (const [spelled, qualifier, expected] of cases)
    assert.equal(read(spelled, qualifier), expected, spelled)
})

test('referenceTo() refuses other regions and accounts, long names and two qualifiers', () => {
  const refusals = [
    [
      'arn:aws:lambda:eu-west-1:000000000000:function:f',
      undefined,
      "ResourceNotFoundException: Functions from 'eu-west-1' are not reachable in this region ('us-east-1')",
    ],
    ['arn:aws:lambda:us-east-1:111111111111:function:f', undefined, 'AccessDeniedException: '],
    [
      `${ARN}:1`,
      '2',
      'InvalidParameterValueException: The derived qualifier from the function name does not match the specified qualifier.',
    ],
    [
      'a'.repeat(65),
      undefined,
      `InvalidParameterValueException: 1 validation error detected: Value '${'a'.repeat(65)}' at 'functionName' failed to satisfy constraint: Member must have length less than or equal to 64`,
    ],
  ] as const
  for (const [spelled, qualifier, expected] of refusals) assert.equal(read(spelled, qualifier), expected)
})
