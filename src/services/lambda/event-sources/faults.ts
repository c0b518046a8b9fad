/** One constructor per refusal of the operations on event source mappings, with AWS's text. */
import { Fault } from '#base/fault.ts'
import { invalidParameter as invalid, optionNotWritten } from '#services/lambda/faults.ts'

const user = { Type: 'User' } as const

/** Source: recorded AWS answer. */
export const noSuchMapping = (): Fault =>
  new Fault('ResourceNotFoundException', 'The resource you requested does not exist.', {
    status: 404,
    members: user,
  })

/** Source: recorded AWS answer. */
export const mappingExists = (sourceArn: string, functionName: string, id: string): Fault =>
  new Fault(
    'ResourceConflictException',
    `An event source mapping with SQS arn (" ${sourceArn} ") and function (" ${functionName} ") already exists. Please update or delete the existing mapping with UUID ${id}`,
    { status: 409, members: user },
  )

/** Source: recorded AWS answer. */
export const unrecognizedSource = (): Fault => invalid('Unrecognized event source.')

/** Ours: kinds of sources that AWS has and this platform does not. */
export const sourceNotWritten = (kind: string): Fault => optionNotWritten(`The event source ${kind}`)

/** With SQS's code as its query protocol spells it. Source: recorded AWS answer, for the queue that does not exist. */
export function queueTrouble({ code, message }: Fault): string {
  const spelled = code === 'QueueDoesNotExist' ? 'AWS.SimpleQueueService.NonExistentQueue' : code
  return `Error occurred while ReceiveMessage. SQS Error Code: ${spelled}. SQS Error Message: ${message}`
}
export const queueNotReadable = (fault: Fault): Fault => invalid(queueTrouble(fault))

/** Source: AWS answer as the Lambda developer guide's troubleshooting shows it. */
export const visibilityTooShort = (visibilitySeconds: number, timeoutSeconds: number): Fault =>
  invalid(
    `Queue visibility timeout: ${visibilitySeconds} seconds is less than Function timeout: ${timeoutSeconds} seconds`,
  )

/** Source: AWS answer. */
export const windowNeeded = (): Fault =>
  invalid('Maximum batch window in seconds must be greater than 0 if maximum batch size is greater than 10')

/** Rules of the Lambda developer guide, Amazon SQS event source mappings; their texts are inferred. */
export const batchTooLarge = (size: number, max: number): Fault =>
  invalid(`Batch size ${size} exceeds the maximum of ${max} for SQS FIFO queues.`)
export const noWindowForFifo = (): Fault => invalid('Batching window is not supported for SQS FIFO queues.')
export const otherRegion = (sourceArn: string, region: string): Fault =>
  invalid(`The event source ${sourceArn} must be in the region of the function: ${region}.`)
export const bothScalings = (): Fault =>
  invalid('ScalingConfig and ProvisionedPollerConfig cannot be specified together.')
export const pollersOutOfRange = (member: string, least: number, most: number): Fault =>
  invalid(`${member} must be between ${least} and ${most} for SQS event sources.`)
export const pollersCrossed = (): Fault =>
  invalid('MinimumPollers must be less than or equal to MaximumPollers.')
export const scalingForQueuesOnly = (): Fault =>
  invalid('ScalingConfig is only supported for SQS event sources.')

/** Source: AWS answer for StartingPosition; for the other members of streams inferred. */
export const notForQueues = (member: string): Fault =>
  invalid(`${member} is not valid for SQS event sources.`)

/** Source: recorded AWS answer. */
export const filterInvalid = (): Fault => invalid('Invalid filter pattern definition.')
