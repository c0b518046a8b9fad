/** What one resource's handler is given: AWS's API as the stack's account, generated names, the stack's tags. */
import { parseArn, printArn } from '#base/arn.ts'
import { present } from '#base/assert.ts'
import { accountId, regionOf } from '#base/ids.ts'
import type { SpanScope } from '#ports/spans.ts'
import { letterId, mailboxOf } from '#services/cloudformation/mailbox.ts'
import { pauseOf } from '#services/cloudformation/pause.ts'
import type { StackRecord } from '#services/cloudformation/records.ts'
import type { ResourceContext } from '#services/cloudformation/resources/handler.ts'
import { type CloudFormationState, type Owner, partitionOf } from '#services/cloudformation/state.ts'
import { objectBytes } from '#services/cloudformation/template-source.ts'

/** The buckets in the addresses that answers are put to. Source: CloudFormation user guide, Custom resource request objects. */
export const ANSWER_BUCKET = 'cloudformation-custom-resource-response'
export const WAIT_BUCKET = 'cloudformation-waitcondition'

export interface ContextOf {
  readonly stack: StackRecord
  readonly logicalId: string
  /** Random part of generated names. */
  readonly token: string
  readonly type: string
  /** Which try of which operation this is. */
  readonly attempt: string
  readonly span?: SpanScope | undefined
}

export function contextOf(state: CloudFormationState, owner: Owner, of: ContextOf): ResourceContext {
  const [account, region] = owner
  const { api, clock } = state.ports
  const identity = { account, region, ...(of.span === undefined ? {} : { span: of.span }) }
  return {
    stack: { name: of.stack.name, id: of.stack.stackId, account, region, partition: partitionOf(region) },
    logicalId: of.logicalId,
    type: of.type,
    mailbox: (logicalId = of.logicalId) =>
      mailboxOf(state, owner, {
        uuid: of.stack.uuid,
        stackId: of.stack.stackId,
        logicalId,
        attempt: of.attempt,
        bucket: of.type.startsWith('AWS::CloudFormation::Wait') ? WAIT_BUCKET : ANSWER_BUCKET,
      }),
    nested: present(state.nested, 'nested stacks are bound when the service is made'),
    clock,
    cancelled: () => of.stack.operation?.cancelled === true,
    pause: (ms) => pauseOf(state, letterId(of.stack.stackId, of.logicalId), ms),
    call: (service, operation, input) => api.call(service, operation, input, identity),
    has: (service, operation) => api.has(service, operation),
    object: (bucket, key, version) => objectBytes({ bucket, key, version }, api, identity),
    marks: {
      'aws:cloudformation:stack-name': of.stack.name,
      'aws:cloudformation:stack-id': of.stack.stackId,
      'aws:cloudformation:logical-id': of.logicalId,
    },
    name: (charactersMax, lower) => generatedName(of, charactersMax, lower === true),
  }
}

/** `stack-logical-RANDOM`; the first two parts are cut so that the whole fits. Source: CloudFormation user guide, Name type. */
export function generatedName(
  of: Pick<ContextOf, 'stack' | 'logicalId' | 'token'>,
  charactersMax: number,
  lower: boolean,
): string {
  const room = charactersMax - of.token.length - 2
  const [stack, logical] = [of.stack.name, of.logicalId]
  const half = Math.max(Math.floor(room / 2), room - logical.length)
  const head = stack.slice(0, half).replace(/-+$/, '')
  const name = `${head}-${logical.slice(0, room - head.length)}-${of.token}`
  return lower ? name.toLowerCase() : name
}

/** `arn:aws:cloudformation:region:account:stack/name/uuid`. */
export const stackArn = ([account, region]: Owner, name: string, uuid: string): string =>
  printArn({
    partition: partitionOf(region),
    service: 'cloudformation',
    region,
    account,
    resource: `stack/${name}/${uuid}`,
  })

/** Account and region in a stack's id. */
export function stackOwner(stackId: string): Owner {
  const arn = parseArn(stackId)
  return [
    present(accountId(arn?.account ?? ''), 'a stack id has an account'),
    present(regionOf(arn?.region ?? ''), 'a stack id has a region'),
  ]
}

export const changeSetArn = ([account, region]: Owner, name: string, uuid: string): string =>
  printArn({
    partition: partitionOf(region),
    service: 'cloudformation',
    region,
    account,
    resource: `changeSet/${name}/${uuid}`,
  })
