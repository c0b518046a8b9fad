/** One constructor for each error of ECR that is answered here. Texts are AWS's (recorded answers) unless said. */
import { Fault } from '#base/fault.ts'

export const invalidParameter = (message: string): Fault =>
  new Fault('InvalidParameterException', message, { status: 400 })

export const repositoryNotFound = (name: string, registry: string): Fault =>
  new Fault(
    'RepositoryNotFoundException',
    `The repository with name '${name}' does not exist in the registry with id '${registry}'`,
    { status: 400 },
  )

export const alreadyExists = (name: string, registry: string): Fault =>
  new Fault(
    'RepositoryAlreadyExistsException',
    `The repository with name '${name}' already exists in the registry with id '${registry}'`,
    { status: 400 },
  )

export const repositoryPolicyNotFound = (name: string, registry: string): Fault =>
  new Fault(
    'RepositoryPolicyNotFoundException',
    `Repository policy does not exist for the repository with name '${name}' in the registry with id '${registry}'`,
    { status: 400 },
  )

export const lifecyclePolicyNotFound = (name: string, registry: string): Fault =>
  new Fault(
    'LifecyclePolicyNotFoundException',
    `Lifecycle policy does not exist for the repository with name '${name}' in the registry with id '${registry}'`,
    { status: 400 },
  )

export const invalidPolicy = (): Fault =>
  invalidParameter(
    "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Invalid repository policy provided'",
  )

export const invalidLifecyclePolicy = (): Fault =>
  invalidParameter(
    "Invalid parameter at 'LifecyclePolicyText' failed to satisfy constraint: 'Lifecycle policy validation failure: string is not a valid policy'",
  )

export const tooManyTags = (): Fault =>
  new Fault(
    'TooManyTagsException',
    'The list of tags on the repository is over the limit. The maximum is 50.',
    {
      status: 400,
    },
  )
