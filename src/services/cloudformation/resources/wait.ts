/**
 * AWS::CloudFormation::WaitConditionHandle and WaitCondition: an address that signals are put to, and the wait for them.
 * Source: CloudFormation user guide, Creating wait conditions in a template.
 */
import { isRecord, parseJson, stringAt } from '#base/json.ts'
import { later, seconds } from '#base/time.ts'
import { type Dict, memberOf, scalarText, textAt } from '#engines/templates/value.ts'
import { HandlerFailure } from '#services/cloudformation/interruption.ts'
import { WAIT_SECONDS_MAX } from '#services/cloudformation/limits.ts'
import type { ResourceHandler } from '#services/cloudformation/resources/handler.ts'

/** Its Ref is the address. */
export const waitConditionHandle: ResourceHandler = {
  async create(context) {
    const { url } = await context.mailbox().open('signals', seconds(WAIT_SECONDS_MAX))
    return { physicalId: url, attributes: {} }
  },
  update: (_, physicalId) => Promise.resolve({ physicalId, attributes: {} }),
  delete: (context) => context.mailbox().close(),
}

/** The logical id in the address of a handle. */
function handleIn(properties: Dict): string {
  const address = textAt(properties, 'Handle') ?? ''
  const key = /\/cloudformation-waitcondition-[a-z0-9]+\/([^?]+)/.exec(address)?.[1]
  const [, logicalId] = decodeURIComponent(key ?? '').split('|')
  if (logicalId === undefined)
    throw new HandlerFailure('WaitCondition handle must be a WaitConditionHandle of the same stack.')
  return logicalId
}

export const waitCondition: ResourceHandler = {
  async create(context, properties) {
    const count = Number(scalarText(memberOf(properties, 'Count')) ?? 1)
    const wait = Number(scalarText(memberOf(properties, 'Timeout')) ?? 0)
    if (!Number.isInteger(wait) || wait < 0 || wait > WAIT_SECONDS_MAX)
      throw new HandlerFailure(`WaitCondition Timeout must be from 0 to ${WAIT_SECONDS_MAX} seconds.`)
    const until = later(context.clock.now(), seconds(wait))
    const answers = await context.mailbox(handleIn(properties)).answers(count, until)
    const data: Record<string, string> = {}
    for (const answer of answers) {
      const signal = parseJson(answer)
      if (!isRecord(signal)) continue
      if (stringAt(signal, 'Status') === 'FAILURE')
        throw new HandlerFailure(
          `WaitCondition received failed message: '${stringAt(signal, 'Reason') ?? ''}' for uniqueId: ${stringAt(signal, 'UniqueId') ?? ''}`,
        )
      data[stringAt(signal, 'UniqueId') ?? ''] = stringAt(signal, 'Data') ?? ''
    }
    if (Object.keys(data).length < count)
      throw new HandlerFailure(
        `WaitCondition timed out. Received ${Object.keys(data).length} conditions when expecting ${count}`,
      )
    const id = `${context.stack.id}/${context.logicalId}`
    return { physicalId: id, attributes: { Data: JSON.stringify(data), Id: id } }
  },
  // A wait is over when it was made: changed properties do not wait again. Source: WaitCondition, "updates are not supported".
  update() {
    return Promise.reject(
      new HandlerFailure('Update to resource type AWS::CloudFormation::WaitCondition is not supported.'),
    )
  },
  delete: () => Promise.resolve(),
}
