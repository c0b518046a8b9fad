/** What PutParameter asks for, checked and made a version; what it leaves out comes from the version before. Pure. */
import { utf8 } from '#base/bytes.ts'
import type { Instant } from '#base/time.ts'
import { expressionOf } from '#engines/regular-expressions/expression.ts'
import type { PutParameterRequest } from '#model/ssm.ts'
import { invalidPattern, patternMismatch, typeMismatch, validation } from '#services/ssm/faults.ts'
import { ADVANCED_VALUE_BYTES_MAX, STANDARD_VALUE_BYTES_MAX } from '#services/ssm/limits.ts'
import { policiesIn, type Policy } from '#services/ssm/policies.ts'
import type { ParameterRecord, Tier, Type, Version } from '#services/ssm/records.ts'
import { DEFAULT_KEY_ID } from '#services/ssm/seal.ts'

const DATA_TYPES = ['text', 'aws:ec2:image', 'aws:ssm:integration']

/** The version with its value in clear: the caller seals it. */
export function newVersion(
  input: PutParameterRequest,
  before: ParameterRecord | undefined,
  stamp: { readonly at: Instant; readonly user: string },
): Version {
  checkValue(input.Value)
  const old = before?.current
  const type = typeOf(input.Type, old?.type)
  const dataType = input.DataType ?? old?.dataType ?? 'text'
  if (!DATA_TYPES.includes(dataType))
    throw validation(
      `The following data type is not supported: ${dataType} (Data type names are all lowercase.)`,
    )
  const allowedPattern = input.AllowedPattern ?? old?.allowedPattern
  if (allowedPattern !== undefined) checkPattern(allowedPattern, input.Value)
  const policies = input.Policies === undefined ? (old?.policies ?? []) : policiesIn(input.Policies)
  return {
    version: (old?.version ?? 0) + 1,
    type,
    value: input.Value,
    keyId: input.KeyId ?? old?.keyId ?? (type === 'SecureString' ? DEFAULT_KEY_ID : undefined),
    description: input.Description ?? old?.description,
    allowedPattern,
    tier: tierOf(input, old?.tier, policies),
    policies,
    dataType,
    modifiedAt: stamp.at,
    user: stamp.user,
  }
}

/** Source: recorded AWS answers. */
function checkValue(value: string): void {
  if (value === '')
    throw validation(
      "1 validation error detected: Value '' at 'value' failed to satisfy constraint: Member must have length greater than or equal to 1.",
    )
  if (value.includes('{{'))
    throw validation('Parameter value can\'t nest another parameter. Do not use "{{}}" in the value.')
}

/** Source: Systems Manager API, PutParameter, Type; HierarchyTypeMismatchException. Between the two plain types AWS changes (CloudFormation: no interruption). */
function typeOf(wanted: string | undefined, before: Type | undefined): Type {
  const type = wanted ?? before
  if (type !== 'String' && type !== 'StringList' && type !== 'SecureString')
    throw validation('A parameter type is required when you create a parameter.')
  if (before !== undefined && (type === 'SecureString') !== (before === 'SecureString')) throw typeMismatch()
  return type
}

/** The whole value must match. Source: Systems Manager API, PutParameter, AllowedPattern. */
function checkPattern(pattern: string, value: string): void {
  const expression = expressionOf(pattern)
  if (expression === undefined) throw invalidPattern()
  if (!expression.matches(value)) throw patternMismatch(pattern)
}

const SEE =
  'For more information, see https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-advanced-parameters.html'

/** Source: Systems Manager user guide, Managing parameter tiers; texts recorded, but that of policies (inferred). */
function tierOf(input: PutParameterRequest, before: Tier | undefined, policies: readonly Policy[]): Tier {
  const bytes = utf8(input.Value).length
  if (bytes > ADVANCED_VALUE_BYTES_MAX)
    throw validation(
      `Advanced tier parameters support a maximum parameter value of ${ADVANCED_VALUE_BYTES_MAX} characters. ${SEE}`,
    )
  const needsAdvanced = bytes > STANDARD_VALUE_BYTES_MAX || policies.length > 0
  if (input.Tier === 'Advanced') return 'Advanced'
  if (input.Tier === 'Intelligent-Tiering')
    return needsAdvanced || before === 'Advanced' ? 'Advanced' : 'Standard'
  if (before === 'Advanced' && input.Tier === undefined) return 'Advanced'
  if (before === 'Advanced')
    throw validation(
      `This parameter uses the advanced-parameter tier. You can't downgrade a parameter from the advanced-parameter tier to the standard-parameter tier. If necessary, you can delete the advanced parameter and recreate it as a standard parameter. ${SEE}`,
    )
  if (bytes > STANDARD_VALUE_BYTES_MAX)
    throw validation(
      `Standard tier parameters support a maximum parameter value of ${STANDARD_VALUE_BYTES_MAX} characters. To create a larger parameter value, upgrade the parameter to use the advanced-parameter tier. ${SEE}`,
    )
  if (policies.length > 0)
    throw validation(`Parameter policies are only supported for advanced-tier parameters. ${SEE}`)
  return 'Standard'
}
