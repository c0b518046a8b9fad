/** One constructor per error that SNS answers, with AWS's text. Codes and statuses are the model's. */
import { Fault } from '#base/fault.ts'

/** The text follows `Invalid parameter: `. Source: recorded AWS answers. */
export const invalid = (what: string): Fault =>
  new Fault('InvalidParameterException', `Invalid parameter: ${what}`)
/** The text is the whole of it. Source: recorded AWS answers. */
export const refused = (message: string): Fault => new Fault('InvalidParameterException', message)
/** Of message attributes. Source: recorded AWS answers. */
export const invalidValue = (message: string): Fault => new Fault('InvalidParameterValueException', message)
export const topicNotFound = (): Fault => new Fault('NotFoundException', 'Topic does not exist')
export const subscriptionNotFound = (): Fault => new Fault('NotFoundException', 'Subscription does not exist')
/** Of the tag operations. Source: recorded AWS answer. */
export const resourceNotFound = (): Fault => new Fault('ResourceNotFoundException', 'Resource does not exist')
export const topicGone = topicNotFound
export const emptyBatch = (): Fault =>
  new Fault('EmptyBatchRequestException', "The batch request doesn't contain any entries.")
export const tooManyEntries = (): Fault =>
  new Fault(
    'TooManyEntriesInBatchRequestException',
    'The batch request contains more entries than permissible.',
  )
export const idsNotDistinct = (): Fault =>
  new Fault('BatchEntryIdsNotDistinctException', 'Two or more batch entries in the request have the same Id.')
export const badBatchId = (why: 'contains an impermissible character' | 'is too long', id: string): Fault =>
  new Fault('InvalidBatchEntryIdException', `The Id of a batch entry in the batch request ${why}: ${id}`)
export const batchTooLong = (): Fault =>
  new Fault(
    'BatchRequestTooLongException',
    'The length of all the messages put together is more than the limit.',
  )
/** Text inferred. */
export const tooManyTags = (): Fault =>
  new Fault('TagLimitExceededException', 'Could not complete request: tag quota of per resource exceeded')
export const tooManySubscriptions = (max: number): Fault =>
  new Fault(
    'SubscriptionLimitExceededException',
    `Maximum number of subscriptions per topic (${max}) reached`,
  )
export const tooManyFilterPolicies = (max: number): Fault =>
  new Fault(
    'FilterPolicyLimitExceededException',
    `Maximum number of filter policies per topic (${max}) reached`,
  )
/** Ours: what AWS has and this platform does not. */
export const notWritten = (what: string): Fault =>
  new Fault('NotImplemented', `${what} is not supported by this version of Windtunnel.`, { status: 501 })
