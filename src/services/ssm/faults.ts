/** One constructor for each error of Parameter Store. Texts are AWS's (Systems Manager API, Errors, and recorded answers) unless said. */
import { Fault } from '#base/fault.ts'

export const validation = (message: string): Fault =>
  new Fault('ValidationException', message, { status: 400 })

export const parameterNotFound = (name: string): Fault =>
  new Fault('ParameterNotFound', `Parameter ${name} not found.`, { status: 400 })

export const versionNotFound = (version: number, name: string): Fault =>
  new Fault(
    'ParameterVersionNotFound',
    `Systems Manager could not find version ${version} of ${name}. Verify the version and try again.`,
    { status: 400 },
  )

export const labelNotFound = (label: string, name: string): Fault =>
  new Fault(
    'ParameterVersionNotFound',
    `Systems Manager could not find label ${label} for parameter ${name}. Verify the label and try again.`,
    { status: 400 },
  )

export const alreadyExists = (): Fault =>
  new Fault(
    'ParameterAlreadyExists',
    'The parameter already exists. To overwrite this value, set the overwrite option in the request to true.',
    { status: 400 },
  )

export const typeMismatch = (): Fault =>
  new Fault(
    'HierarchyTypeMismatchException',
    "Parameter Store doesn't support changing a parameter type in a hierarchy. For example, you can't change a parameter from a String type to a SecureString type. You must create a new, unique parameter.",
    { status: 400 },
  )

export const tooManyLevels = (): Fault =>
  new Fault(
    'HierarchyLevelLimitExceededException',
    'A hierarchy can have a maximum of 15 levels. For more information, see Requirements and constraints for parameter names in the AWS Systems Manager User Guide.',
    { status: 400 },
  )

export const tooManyParameters = (): Fault =>
  new Fault(
    'ParameterLimitExceeded',
    'You have exceeded the number of parameters for this AWS account. Delete one or more parameters and try again.',
    { status: 400 },
  )

export const oldestIsLabelled = (name: string, version: number): Fault =>
  new Fault(
    'ParameterMaxVersionLimitExceeded',
    `You attempted to create a new version of ${name} by calling the PutParameter API with the overwrite flag. Version ${version}, the oldest version, can't be deleted because it has a label associated with it. Move the label to another version of the parameter, and try again.`,
    { status: 400 },
  )

export const tooManyLabels = (): Fault =>
  new Fault(
    'ParameterVersionLabelLimitExceeded',
    'A parameter version can have maximum 10 labels. Move one or more labels to another version and try again.',
    { status: 400 },
  )

export const invalidPattern = (): Fault =>
  new Fault(
    'InvalidAllowedPatternException',
    'The request does not meet the regular expression requirement.',
    {
      status: 400,
    },
  )

export const patternMismatch = (pattern: string): Fault =>
  new Fault(
    'ParameterPatternMismatchException',
    `Parameter value, cannot be validated against allowedPattern: ${pattern}`,
    { status: 400 },
  )

export const invalidPolicyType = (message: string): Fault =>
  new Fault('InvalidPolicyTypeException', message, { status: 400 })

export const invalidPolicyAttribute = (message: string): Fault =>
  new Fault('InvalidPolicyAttributeException', message, { status: 400 })

export const tooManyPolicies = (): Fault =>
  new Fault(
    'PoliciesLimitExceededException',
    'You specified more than the maximum number of allowed policies for the parameter. The maximum is 10.',
    { status: 400 },
  )

export const incompatiblePolicies = (): Fault =>
  new Fault(
    'IncompatiblePolicyException',
    'There is a conflict in the policies specified for this parameter. You can’t, for example, specify two Expiration policies for a parameter. Review your policies, and try again.',
    { status: 400 },
  )

export const invalidFilterKey = (message: string): Fault =>
  new Fault('InvalidFilterKey', message, { status: 400 })

export const invalidFilterOption = (message: string): Fault =>
  new Fault('InvalidFilterOption', message, { status: 400 })

export const invalidFilterValue = (message: string): Fault =>
  new Fault('InvalidFilterValue', message, { status: 400 })

export const invalidNextToken = (): Fault =>
  new Fault('InvalidNextToken', "The specified token isn't valid.", { status: 400 })

export const invalidResourceId = (): Fault =>
  new Fault(
    'InvalidResourceId',
    "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
    { status: 400 },
  )

export const invalidResourceType = (): Fault =>
  new Fault(
    'InvalidResourceType',
    "The resource type isn't valid. For example, if you are attempting to tag an EC2 instance, the instance must be a registered managed node.",
    { status: 400 },
  )

export const tooManyTags = (): Fault =>
  new Fault(
    'TooManyTagsError',
    'The number of tags applied to the parameter can’t exceed 50. Remove one or more tags and try again.',
    { status: 400 },
  )
