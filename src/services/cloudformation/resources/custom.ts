/**
 * AWS::CloudFormation::CustomResource and Custom::…: a provider outside makes the thing. It is told by a function's
 * event or a topic's message and answers by putting JSON to the address in it.
 * Source: CloudFormation user guide, Custom resources: request and response objects.
 */
import { parseArn } from '#base/arn.ts'
import { utf8 } from '#base/bytes.ts'
import { parseJson } from '#base/json.ts'
import { seconds } from '#base/time.ts'
import {
  type Dict,
  isDict,
  memberOf,
  sameValue,
  scalarText,
  textAt,
  type Value,
} from '#engines/templates/value.ts'
import { HandlerFailure } from '#services/cloudformation/interruption.ts'
import { ANSWER_BYTES_MAX, SERVICE_TIMEOUT_SECONDS } from '#services/cloudformation/limits.ts'
import type { Made, ResourceContext, ResourceHandler } from '#services/cloudformation/resources/handler.ts'

interface Wish {
  readonly type: 'Create' | 'Update' | 'Delete'
  readonly properties: Dict
  readonly before?: Dict
  readonly physicalId?: string
}

/** Scalars reach the provider as texts. Source: recorded AWS requests. */
function asTexts(value: Value): Value {
  if (Array.isArray(value)) return value.map(asTexts)
  if (isDict(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asTexts(member)]))
  return scalarText(value) ?? value
}

/** ServiceTimeout in seconds. Throws `HandlerFailure`. */
function timeoutSeconds(properties: Dict): number {
  const given = memberOf(properties, 'ServiceTimeout')
  if (given === undefined) return SERVICE_TIMEOUT_SECONDS
  const wanted = Number(scalarText(given))
  if (!Number.isInteger(wanted) || wanted < 1 || wanted > SERVICE_TIMEOUT_SECONDS)
    throw new HandlerFailure(
      `Invalid ServiceTimeout: it must be an integer from 1 to ${SERVICE_TIMEOUT_SECONDS}.`,
    )
  return wanted
}

async function ask(context: ResourceContext, wish: Wish): Promise<Made> {
  const token = textAt(wish.properties, 'ServiceToken') ?? ''
  const mailbox = context.mailbox()
  const letter = await mailbox.open(
    `${wish.type} ${wish.physicalId ?? ''}`,
    seconds(timeoutSeconds(wish.properties)),
  )
  if (!letter.sent) {
    await send(context, token, {
      RequestType: wish.type,
      ServiceToken: token,
      ResponseURL: letter.url,
      StackId: context.stack.id,
      RequestId: letter.requestId,
      LogicalResourceId: context.logicalId,
      ...(wish.physicalId === undefined ? {} : { PhysicalResourceId: wish.physicalId }),
      ResourceType: context.type,
      ResourceProperties: asTexts(told(wish.properties)),
      ...(wish.before === undefined ? {} : { OldResourceProperties: asTexts(wish.before) }),
    })
    await mailbox.noteSent()
  }
  const [answer] = await mailbox.answers(1, letter.until)
  if (answer === undefined)
    throw new HandlerFailure(
      'CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId ' +
        `[${letter.requestId}]. If you are using the Python cfn-response module, you may need to update your Lambda ` +
        'function code so that CloudFormation can attach the updated version.',
      wish.physicalId ?? context.name(255),
    )
  return read(context, wish, letter.requestId, answer)
}

async function send(context: ResourceContext, token: string, request: Dict): Promise<void> {
  const service = parseArn(token)?.service
  const message = JSON.stringify(request)
  if (service === 'lambda')
    await context.call('lambda', 'Invoke', {
      FunctionName: token,
      InvocationType: 'Event',
      Payload: utf8(message),
    })
  else if (service === 'sns')
    await context.call('sns', 'Publish', {
      TopicArn: token,
      Subject: 'AWS CloudFormation custom resource request',
      Message: message,
    })
  else
    throw new HandlerFailure(
      `Invalid service token: ${token}. It must be the ARN of a Lambda function or an SNS topic.`,
    )
}

function read(context: ResourceContext, wish: Wish, requestId: string, answer: string): Made {
  const made = wish.physicalId ?? context.name(255)
  if (utf8(answer).length > ANSWER_BYTES_MAX) throw new HandlerFailure('Response object is too long.', made)
  const parsed = parseJson(answer)
  // What JSON gives is a value; members are looked at by name.
  const body = parsed as Value | undefined // oxlint-disable-line typescript/no-unsafe-type-assertion
  const missing = (key: string): HandlerFailure =>
    new HandlerFailure(
      `Vendor response doesn't contain ${key} key in object ${context.stack.id}|${context.logicalId}|${requestId} within S3 bucket cloudformation-custom-resource-storage-${context.stack.region.replaceAll('-', '')}`,
      made,
    )
  if (!isDict(body)) throw new HandlerFailure('Invalid response: it is no JSON object.', made)
  const physicalId = textAt(body, 'PhysicalResourceId')
  const status = textAt(body, 'Status')
  if (status === 'FAILED')
    throw new HandlerFailure(
      `Received response status [FAILED] from custom resource. Message returned: ${textAt(body, 'Reason') ?? ''} (RequestId: ${requestId})`,
      physicalId ?? made,
    )
  if (status !== 'SUCCESS') throw missing('Status')
  if (physicalId === undefined || physicalId === '') throw missing('PhysicalResourceId')
  const data = memberOf(body, 'Data')
  return { physicalId, attributes: isDict(data) ? data : {} }
}

export const customResource: ResourceHandler = {
  mayReplace: true,
  create: (context, properties) => ask(context, { type: 'Create', properties }),
  async update(context, physicalId, properties, before) {
    if (!sameValue(memberOf(properties, 'ServiceToken'), memberOf(before, 'ServiceToken')))
      throw new HandlerFailure('Modifying service token is not allowed.')
    return await ask(context, { type: 'Update', properties, before: told(before), physicalId })
  },
  async delete(context, physicalId, properties) {
    await ask(context, { type: 'Delete', properties, physicalId })
    await context.mailbox().close()
  },
}

const told = (properties: Dict): Dict =>
  Object.fromEntries(Object.entries(properties).filter(([name]) => name !== 'ServiceTimeout'))
