/** Resources of stacks: DescribeStackResource, DescribeStackResources, ListStackResources. */
import type { CloudFormation } from '#model/cloudformation.ts'
import { instant } from '#base/time.ts'
import type { Operation } from '#ports/service.ts'
import { validationError } from '#services/cloudformation/faults.ts'
import { allStacks, resourcesOf, stackOf } from '#services/cloudformation/journal.ts'
import { PAGE } from '#services/cloudformation/limits.ts'
import { pageAt } from '#services/cloudformation/paging.ts'
import type { ResourceRecord, StackRecord } from '#services/cloudformation/records.ts'
import { ownerOf } from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'

const NOT_CHECKED = { StackResourceDriftStatus: 'NOT_CHECKED' } as const

const shown = (record: ResourceRecord) => ({
  LogicalResourceId: record.logicalId,
  ...(record.current === undefined ? {} : { PhysicalResourceId: record.current.physicalId }),
  ResourceType: record.type,
  ResourceStatus: record.status,
  ResourceStatusReason: record.statusReason,
  DriftInformation: NOT_CHECKED,
})

/** Source: CloudFormation API, DescribeStackResource. */
export const describeStackResource: Operation<
  CloudFormation['DescribeStackResource'],
  CloudFormationState
> = async (input, state, call) => {
  const owner = ownerOf(call)
  const stack = await stackOf(state, owner, input.StackName)
  const record = (await resourcesOf(state, owner, stack)).get(input.LogicalResourceId)
  if (record === undefined) {
    throw validationError(`Resource ${input.LogicalResourceId} does not exist for stack ${stack.name}`)
  }
  return {
    StackResourceDetail: {
      StackName: stack.name,
      StackId: stack.stackId,
      ...shown(record),
      LastUpdatedTimestamp: instant(record.updatedAt),
      Metadata: JSON.stringify(record.metadata ?? {}),
    },
  }
}

async function holding(state: CloudFormationState, owner: Owner, physicalId: string): Promise<StackRecord> {
  for (const stack of await allStacks(state, owner)) {
    if (stack.status === 'DELETE_COMPLETE') continue
    const records = await resourcesOf(state, owner, stack)
    if ([...records.values()].some(({ current }) => current?.physicalId === physicalId)) return stack
  }
  throw validationError(`Stack for ${physicalId} does not exist`)
}

/** Source: CloudFormation API, DescribeStackResources. */
export const describeStackResources: Operation<
  CloudFormation['DescribeStackResources'],
  CloudFormationState
> = async (input, state, call) => {
  const owner = ownerOf(call)
  const { StackName: name, PhysicalResourceId: physicalId, LogicalResourceId: logicalId } = input
  if (name === undefined && physicalId === undefined) {
    throw validationError('StackName or PhysicalResourceId must be specified.')
  }
  if (name !== undefined && physicalId !== undefined) {
    throw validationError('Both StackName and PhysicalResourceId cannot be specified')
  }
  const stack =
    name === undefined ? await holding(state, owner, physicalId ?? '') : await stackOf(state, owner, name)
  const records = [...(await resourcesOf(state, owner, stack)).values()]
  return {
    StackResources: records
      .filter((record) => logicalId === undefined || record.logicalId === logicalId)
      .map((record) => ({
        StackName: stack.name,
        StackId: stack.stackId,
        ...shown(record),
        Timestamp: instant(record.updatedAt),
      })),
  }
}

/** Source: CloudFormation API, ListStackResources. */
export const listStackResources: Operation<
  CloudFormation['ListStackResources'],
  CloudFormationState
> = async (input, state, call) => {
  const owner = ownerOf(call)
  const stack = await stackOf(state, owner, input.StackName)
  const page = pageAt([...(await resourcesOf(state, owner, stack)).values()], input.NextToken, PAGE)
  return {
    StackResourceSummaries: page.items.map((record) => ({
      ...shown(record),
      LastUpdatedTimestamp: instant(record.updatedAt),
    })),
    NextToken: page.token,
  }
}
