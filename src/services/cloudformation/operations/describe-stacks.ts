/** Looking at stacks: DescribeStacks, ListStacks, DescribeStackEvents. */
import type { CloudFormation, Parameter, Stack } from '#model/cloudformation.ts'
import { instant } from '#base/time.ts'
import type { Operation } from '#ports/service.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { allStacks, stackOf } from '#services/cloudformation/journal.ts'
import { EVENTS_PAGE, PAGE } from '#services/cloudformation/limits.ts'
import { pageAt } from '#services/cloudformation/paging.ts'
import { events, type StackRecord, type StoredParameter } from '#services/cloudformation/records.ts'
import { ownerOf } from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState } from '#services/cloudformation/state.ts'

const NOT_CHECKED = { StackDriftStatus: 'NOT_CHECKED' } as const

/** Values of NoEcho parameters are never shown. */
export const shownParameters = (parameters: readonly StoredParameter[]): Parameter[] =>
  parameters.map(({ key, value, noEcho, resolved }) => ({
    ParameterKey: key,
    ParameterValue: noEcho ? '****' : value,
    ...(resolved === undefined ? {} : { ResolvedValue: noEcho ? '****' : resolved }),
  }))

const moment = (at: number | undefined) => (at === undefined ? undefined : instant(at))

function described(stack: StackRecord): Stack {
  return {
    StackId: stack.stackId,
    StackName: stack.name,
    ChangeSetId: stack.changeSetId,
    Description: stack.description,
    ...(stack.parameters.length === 0 ? {} : { Parameters: shownParameters(stack.parameters) }),
    CreationTime: instant(stack.createdAt),
    LastUpdatedTime: moment(stack.updatedAt),
    DeletionTime: moment(stack.deletedAt),
    RollbackConfiguration: {},
    StackStatus: stack.status,
    StackStatusReason: stack.statusReason,
    DisableRollback: stack.disableRollback,
    NotificationARNs: [...stack.notificationArns],
    TimeoutInMinutes: stack.timeoutMinutes,
    ...(stack.capabilities.length === 0 ? {} : { Capabilities: [...stack.capabilities] }),
    ...(stack.outputs.length === 0
      ? {}
      : {
          Outputs: stack.outputs.map(({ key, value, description, exportName }) => ({
            OutputKey: key,
            OutputValue: value,
            Description: description,
            ExportName: exportName,
          })),
        }),
    RoleARN: stack.roleArn,
    Tags: [...stack.tags],
    EnableTerminationProtection: stack.terminationProtection,
    ...(stack.parentId === undefined ? {} : { ParentId: stack.parentId, RootId: stack.rootId }),
    DriftInformation: NOT_CHECKED,
  }
}

/** Source: CloudFormation API, DescribeStacks. */
export const describeStacks: Operation<CloudFormation['DescribeStacks'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const owner = ownerOf(call)
  if (input.StackName !== undefined && input.StackName !== '') {
    return { Stacks: [described(await stackOf(state, owner, input.StackName))] }
  }
  const all = (await allStacks(state, owner)).filter(({ status }) => status !== 'DELETE_COMPLETE')
  const page = pageAt(all, input.NextToken, PAGE)
  return { Stacks: page.items.map(described), NextToken: page.token }
}

/** Source: CloudFormation API, ListStacks. Deleted stacks are listed too. */
export const listStacks: Operation<CloudFormation['ListStacks'], CloudFormationState> = async (
  input,
  state,
  call,
) => {
  const wanted = input.StackStatusFilter ?? []
  const all = (await allStacks(state, ownerOf(call))).filter(
    ({ status }) => wanted.length === 0 || wanted.includes(status),
  )
  const page = pageAt(all, input.NextToken, PAGE)
  return {
    StackSummaries: page.items.map((stack) => ({
      StackId: stack.stackId,
      StackName: stack.name,
      TemplateDescription: stack.description,
      CreationTime: instant(stack.createdAt),
      LastUpdatedTime: moment(stack.updatedAt),
      DeletionTime: moment(stack.deletedAt),
      StackStatus: stack.status,
      StackStatusReason: stack.statusReason,
      ...(stack.parentId === undefined ? {} : { ParentId: stack.parentId, RootId: stack.rootId }),
      DriftInformation: NOT_CHECKED,
    })),
    NextToken: page.token,
  }
}

/** Newest first. Source: CloudFormation API, DescribeStackEvents. */
export const describeStackEvents: Operation<
  CloudFormation['DescribeStackEvents'],
  CloudFormationState
> = async (input, state, call) => {
  if (input.StackName === '') {
    throw validationError(
      "1 validation error detected: Value null at 'stackName' failed to satisfy constraint: Member must not be null",
    )
  }
  const owner = ownerOf(call)
  const stack = await stackOf(state, owner, input.StackName)
  const from = input.NextToken === undefined ? stack.eventCount : Number(input.NextToken)
  if (!Number.isInteger(from) || from < 0) throw validationError('NextToken is invalid')
  const first = Math.max(0, from - EVENTS_PAGE)
  const found = await events.list(state.store.read, owner, [stack.uuid], {
    limit: from - first,
    ...(first === 0 ? {} : { after: [stack.uuid, first - 1] }),
  })
  return {
    StackEvents: found.toReversed().map((event) => ({
      StackId: stack.stackId,
      EventId: event.id,
      StackName: stack.name,
      OperationId: event.operationId,
      LogicalResourceId: event.logicalId,
      PhysicalResourceId: event.physicalId,
      ResourceType: event.type,
      Timestamp: instant(event.at),
      ResourceStatus: event.status,
      ResourceStatusReason: event.reason,
      ResourceProperties: event.properties,
      ClientRequestToken: event.clientToken,
    })),
    NextToken: first > 0 ? String(first) : undefined,
  }
}
