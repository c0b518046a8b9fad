/** One constructor for each error of CodeDeploy. Names are the model's; texts are inferred unless a source is said. */
import { Fault } from '#base/fault.ts'

const fault = (code: string, message: string): Fault => new Fault(code, message, { status: 400 })

export const invalidName = (kind: string, name: string): Fault =>
  fault(
    `Invalid${kind}NameException`,
    `The name ${name} is not valid: it can be 1 to 100 letters, digits and the characters . _ + = , @ -`,
  )

export const applicationExists = (name: string): Fault =>
  fault('ApplicationAlreadyExistsException', `Application already exists: ${name}`)

/** Source: recorded AWS answers. */
export const noApplication = (name: string): Fault =>
  fault('ApplicationDoesNotExistException', `No application found for name: ${name}`)

export const groupExists = (name: string): Fault =>
  fault('DeploymentGroupAlreadyExistsException', `Deployment group name already exists: ${name}`)

/** Source: recorded AWS answers. */
export const noGroup = (name: string): Fault =>
  fault('DeploymentGroupDoesNotExistException', `No Deployment Group found for name: ${name}`)

export const groupNameRequired = (): Fault =>
  fault('DeploymentGroupNameRequiredException', 'Deployment group name is required')

export const configurationExists = (name: string): Fault =>
  fault('DeploymentConfigAlreadyExistsException', `Deployment config already exists: ${name}`)

export const noConfiguration = (name: string): Fault =>
  fault('DeploymentConfigDoesNotExistException', `No Deployment Configuration found for name: ${name}`)

export const configurationInUse = (name: string): Fault =>
  fault('DeploymentConfigInUseException', `The deployment configuration ${name} is in use.`)

export const predefinedConfiguration = (name: string): Fault =>
  fault('InvalidOperationException', `The predefined deployment configuration ${name} cannot be changed.`)

export const invalidRouting = (message: string): Fault =>
  fault('InvalidTrafficRoutingConfigurationException', message)

/** Windtunnel's own: only functions are deployed here. */
export const onlyLambda = (platform: string): Fault =>
  fault(
    'InvalidComputePlatformException',
    `Windtunnel deploys the compute platform Lambda only: ${platform} (AWS's default is Server) is not here yet.`,
  )

/** A setting of servers or containers. */
export const notForLambda = (code: string, names: readonly string[]): Fault =>
  fault(code, `For the compute platform Lambda these cannot be specified: ${names.join(', ')}.`)

/** Windtunnel's own. */
export const noAlarms = (names: readonly string[]): Fault =>
  fault(
    'InvalidAlarmConfigException',
    `Windtunnel has no CloudWatch alarms yet, so no deployment would stop for ${names.join(', ')}: leave alarms out, or disable the alarm configuration.`,
  )

/** Windtunnel's own. */
export const noTriggers = (names: readonly string[]): Fault =>
  fault(
    'InvalidTriggerConfigException',
    `Windtunnel does not notify topics of deployments yet: leave the triggers ${names.join(', ')} out.`,
  )

export const invalidStyle = (): Fault =>
  fault(
    'InvalidDeploymentStyleException',
    'The deployment style of the compute platform Lambda must be BLUE_GREEN and WITH_TRAFFIC_CONTROL.',
  )

export const invalidRollback = (message: string): Fault =>
  fault('InvalidAutoRollbackConfigException', message)

export const revisionRequired = (): Fault => fault('RevisionRequiredException', 'Revision is required')

export const invalidRevision = (message: string): Fault => fault('InvalidRevisionException', message)

/** Source: recorded AWS answers. */
export const busyGroup = (group: string, deployment: string): Fault =>
  fault(
    'DeploymentLimitExceededException',
    `The Deployment Group '${group}' already has an active Deployment '${deployment}'`,
  )

export const invalidDeploymentId = (id: string): Fault =>
  fault('InvalidDeploymentIdException', `The deployment ID ${id} is not valid.`)

export const deploymentIdRequired = (): Fault =>
  fault('DeploymentIdRequiredException', 'Deployment ID is required')

/** Source: recorded AWS answers. */
export const noDeployment = (id: string): Fault =>
  fault('DeploymentDoesNotExistException', `The deployment ${id} could not be found`)

export const deploymentOver = (id: string): Fault =>
  fault('DeploymentAlreadyCompletedException', `The deployment ${id} is already completed.`)

export const noTarget = (id: string): Fault =>
  fault('DeploymentTargetDoesNotExistException', `The deployment target ${id} does not exist.`)

export const invalidHookStatus = (): Fault =>
  fault(
    'InvalidLifecycleEventHookExecutionStatusException',
    'The status of a lifecycle event hook must be Succeeded or Failed.',
  )

export const invalidHookId = (): Fault =>
  fault(
    'InvalidLifecycleEventHookExecutionIdException',
    'The lifecycle event hook execution ID is not one of this deployment.',
  )

export const hookOver = (): Fault =>
  fault('LifecycleEventAlreadyCompletedException', 'The lifecycle event is already completed.')

export const batchTooLarge = (max: number): Fault =>
  fault('BatchLimitExceededException', `The maximum number of names or IDs for this operation is ${max}.`)

export const invalidNextToken = (): Fault =>
  fault('InvalidNextTokenException', 'The next token was specified in an invalid format.')

export const invalidArn = (arn: string): Fault =>
  fault('InvalidArnException', `The ARN ${arn} is not in a valid format.`)

export const arnNotSupported = (arn: string): Fault =>
  fault('ArnNotSupportedException', `The ARN ${arn} is not of an application or a deployment group.`)

export const tooManyTags = (max: number): Fault =>
  fault('InvalidTagsToAddException', `A resource can have at most ${max} tags.`)
