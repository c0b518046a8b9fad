/** SQS's public surface: its operations, its state, deliveries from other services, and the start that rebuilds the queues. */
import type { Sqs } from '#model/sqs.ts'
import type { Service } from '#ports/service.ts'
import {
  changeMessageVisibility,
  changeMessageVisibilityBatch,
  deleteMessage,
  deleteMessageBatch,
} from '#services/sqs/operations/delete-message.ts'
import {
  cancelMessageMoveTask,
  listMessageMoveTasks,
  startMessageMoveTask,
} from '#services/sqs/operations/move-tasks.ts'
import { addPermission, removePermission } from '#services/sqs/operations/permissions.ts'
import { getQueueAttributes, setQueueAttributes } from '#services/sqs/operations/queue-attributes.ts'
import {
  createQueue,
  deleteQueue,
  getQueueUrl,
  listDeadLetterSourceQueues,
  listQueues,
  purgeQueue,
} from '#services/sqs/operations/queues.ts'
import { receiveMessage } from '#services/sqs/operations/receive-message.ts'
import { sendMessage, sendMessageBatch } from '#services/sqs/operations/send-message.ts'
import { listQueueTags, tagQueue, untagQueue } from '#services/sqs/operations/tags.ts'
import type { SqsState } from '#services/sqs/state.ts'

export { acceptSqs } from '#services/sqs/accept.ts'
export { loadSqs } from '#services/sqs/load.ts'
export { createSqs, resetSqs, stopSqs, type SqsPorts, type SqsState } from '#services/sqs/state.ts'

export const sqs: Service<Sqs, SqsState> = {
  name: 'sqs',
  operations: {
    AddPermission: addPermission,
    CancelMessageMoveTask: cancelMessageMoveTask,
    ChangeMessageVisibility: changeMessageVisibility,
    ChangeMessageVisibilityBatch: changeMessageVisibilityBatch,
    CreateQueue: createQueue,
    DeleteMessage: deleteMessage,
    DeleteMessageBatch: deleteMessageBatch,
    DeleteQueue: deleteQueue,
    GetQueueAttributes: getQueueAttributes,
    GetQueueUrl: getQueueUrl,
    ListDeadLetterSourceQueues: listDeadLetterSourceQueues,
    ListMessageMoveTasks: listMessageMoveTasks,
    ListQueueTags: listQueueTags,
    ListQueues: listQueues,
    PurgeQueue: purgeQueue,
    ReceiveMessage: receiveMessage,
    RemovePermission: removePermission,
    SendMessage: sendMessage,
    SendMessageBatch: sendMessageBatch,
    SetQueueAttributes: setQueueAttributes,
    StartMessageMoveTask: startMessageMoveTask,
    TagQueue: tagQueue,
    UntagQueue: untagQueue,
  },
  notYet: [],
}
