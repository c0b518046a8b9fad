/** A message as the function gets it: one element of `Records`. Pure. */
import { base64 } from '#base/bytes.ts'
import type { Message, MessageAttributeValue } from '#model/sqs.ts'

export interface SqsRecord {
  readonly [member: string]: unknown
  readonly messageId: string
  readonly receiptHandle: string
  readonly body: string
}

function attributeOf(value: MessageAttributeValue): Record<string, unknown> {
  return {
    stringValue: value.StringValue,
    binaryValue: value.BinaryValue === undefined ? undefined : base64(value.BinaryValue),
    stringListValues: [],
    binaryListValues: [],
    dataType: value.DataType,
  }
}

/** Source: Lambda developer guide, Using Lambda with Amazon SQS; recorded AWS events for the order and md5OfMessageAttributes. */
export function sqsRecord(message: Message, sourceArn: string, region: string): SqsRecord {
  const attributes = Object.entries(message.MessageAttributes ?? {})
  return {
    messageId: message.MessageId ?? '',
    receiptHandle: message.ReceiptHandle ?? '',
    body: message.Body ?? '',
    attributes: message.Attributes ?? {},
    messageAttributes: Object.fromEntries(attributes.map(([name, value]) => [name, attributeOf(value)])),
    ...(message.MD5OfMessageAttributes === undefined
      ? {}
      : { md5OfMessageAttributes: message.MD5OfMessageAttributes }),
    md5OfBody: message.MD5OfBody ?? '',
    eventSource: 'aws:sqs',
    eventSourceARN: sourceArn,
    awsRegion: region,
  }
}
