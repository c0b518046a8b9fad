/**
 * The SNS service: what the platform mounts. Every operation of the model stands in `operations` or in `NOT_YET`, or
 * `tsc` names it. To add one: write it below `operations/`, move its name.
 */
import type { Sns } from '#model/sns.ts'
import type { Service } from '#ports/service.ts'
import { acceptSns } from '#services/sns/accept.ts'
import {
  createPlatformApplication,
  createPlatformEndpoint,
  deleteEndpoint,
  deletePlatformApplication,
  getEndpointAttributes,
  getPlatformApplicationAttributes,
  listEndpointsByPlatformApplication,
  listPlatformApplications,
  setEndpointAttributes,
  setPlatformApplicationAttributes,
} from '#services/sns/operations/applications.ts'
import { addPermission, removePermission } from '#services/sns/operations/permissions.ts'
import { publishBatch } from '#services/sns/operations/publish-batch.ts'
import { publish } from '#services/sns/operations/publish.ts'
import {
  checkIfPhoneNumberIsOptedOut,
  getSMSAttributes,
  listPhoneNumbersOptedOut,
  optInPhoneNumber,
  setSMSAttributes,
} from '#services/sns/operations/sms.ts'
import { subscribe } from '#services/sns/operations/subscribe.ts'
import {
  confirmSubscription,
  getSubscriptionAttributes,
  listSubscriptions,
  listSubscriptionsByTopic,
  setSubscriptionAttributes,
  unsubscribe,
} from '#services/sns/operations/subscriptions.ts'
import { listTagsForResource, tagResource, untagResource } from '#services/sns/operations/tags.ts'
import {
  createTopic,
  deleteTopic,
  getTopicAttributes,
  listTopics,
  setTopicAttributes,
} from '#services/sns/operations/topics.ts'
import { type SnsPorts, SnsState } from '#services/sns/state.ts'

/** The sandbox and the numbers of text messages, and data protection. */
const NOT_YET = [
  'CreateSMSSandboxPhoneNumber',
  'DeleteSMSSandboxPhoneNumber',
  'GetDataProtectionPolicy',
  'GetSMSSandboxAccountStatus',
  'ListOriginationNumbers',
  'ListSMSSandboxPhoneNumbers',
  'PutDataProtectionPolicy',
  'VerifySMSSandboxPhoneNumber',
] as const

export const sns: Service<Sns, SnsState, (typeof NOT_YET)[number]> = {
  name: 'sns',
  operations: {
    AddPermission: addPermission,
    CheckIfPhoneNumberIsOptedOut: checkIfPhoneNumberIsOptedOut,
    ConfirmSubscription: confirmSubscription,
    CreatePlatformApplication: createPlatformApplication,
    CreatePlatformEndpoint: createPlatformEndpoint,
    CreateTopic: createTopic,
    DeleteEndpoint: deleteEndpoint,
    DeletePlatformApplication: deletePlatformApplication,
    DeleteTopic: deleteTopic,
    GetEndpointAttributes: getEndpointAttributes,
    GetPlatformApplicationAttributes: getPlatformApplicationAttributes,
    GetSMSAttributes: getSMSAttributes,
    GetSubscriptionAttributes: getSubscriptionAttributes,
    GetTopicAttributes: getTopicAttributes,
    ListEndpointsByPlatformApplication: listEndpointsByPlatformApplication,
    ListPhoneNumbersOptedOut: listPhoneNumbersOptedOut,
    ListPlatformApplications: listPlatformApplications,
    ListSubscriptions: listSubscriptions,
    ListSubscriptionsByTopic: listSubscriptionsByTopic,
    ListTagsForResource: listTagsForResource,
    ListTopics: listTopics,
    OptInPhoneNumber: optInPhoneNumber,
    Publish: publish,
    PublishBatch: publishBatch,
    RemovePermission: removePermission,
    SetEndpointAttributes: setEndpointAttributes,
    SetPlatformApplicationAttributes: setPlatformApplicationAttributes,
    SetSMSAttributes: setSMSAttributes,
    SetSubscriptionAttributes: setSubscriptionAttributes,
    SetTopicAttributes: setTopicAttributes,
    Subscribe: subscribe,
    TagResource: tagResource,
    Unsubscribe: unsubscribe,
    UntagResource: untagResource,
  },
  notYet: NOT_YET,
}

/** Nothing is read before `startSns`. */
export const createSns = (ports: SnsPorts): SnsState => new SnsState(ports)

/** Reads the deliveries that an earlier process left; before the first request. None begins before `readySns`. */
export const startSns = (state: SnsState): Promise<void> => state.start()

/** Addresses can be given and receivers are there: deliveries begin. */
export const readySns = (state: SnsState): void => state.ready()

/** Forgets what is in memory; the caller empties the files. */
export const resetSns = (state: SnsState): void => state.reset()

/** Waits for the deliveries under way; the others go on at the next start. */
export const stopSns = (state: SnsState): Promise<void> => state.stop()

/** PEM text for the path of a SigningCertURL, or undefined when it is none of ours. Answers without a signature. */
export async function signingCertificate(state: SnsState, path: string): Promise<string | undefined> {
  if (!/^\/SimpleNotificationService-[0-9a-f]+\.pem$/.test(path)) return undefined
  const key = await state.signer.key()
  return path === key.path ? key.certificate : undefined
}

export { acceptSns }
export type { SnsPorts, SnsState }
