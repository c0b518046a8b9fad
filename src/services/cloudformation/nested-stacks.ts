/**
 * Stacks as resources of other stacks: started like any stack, with their parent's capabilities, tags and role, and
 * waited for until they rest. A repeated step finds the stack that it made by its name.
 */
import { present } from '#base/assert.ts'
import { type Dict, dictAt, listAt, memberOf, scalarText, textAt } from '#engines/templates/value.ts'
import { launch } from '#services/cloudformation/background.ts'
import { capabilitiesText } from '#services/cloudformation/faults.ts'
import { HandlerFailure, Interrupted } from '#services/cloudformation/interruption.ts'
import { exportsOf, findStack, resourcesOf } from '#services/cloudformation/journal.ts'
import { NESTED_DEPTH_MAX } from '#services/cloudformation/limits.ts'
import { planOf } from '#services/cloudformation/plan.ts'
import {
  asValidation,
  capabilitiesOf,
  missingCapabilities,
  type Prepared,
  prepare,
  Refusal,
} from '#services/cloudformation/prepare.ts'
import type { StackRecord } from '#services/cloudformation/records.ts'
import { stackOwner } from '#services/cloudformation/resource-context.ts'
import type { Made, NestedStacks, Within } from '#services/cloudformation/resources/handler.ts'
import {
  begin,
  beginDeletion,
  newStack,
  type Settings,
  unchanged,
} from '#services/cloudformation/stack-change.ts'
import type { CloudFormationState, Owner } from '#services/cloudformation/state.ts'
import { templateText } from '#services/cloudformation/template-source.ts'

/** States of a stack that nothing has to be done to. */
const AS_IT_WAS = ['CREATE_COMPLETE', 'UPDATE_COMPLETE', 'UPDATE_ROLLBACK_COMPLETE']

interface Parent {
  readonly owner: Owner
  readonly stack: StackRecord
}

export function nestedStacks(state: CloudFormationState): NestedStacks {
  const parentOf = async (within: Within): Promise<Parent> => {
    const owner = stackOwner(within.stackId)
    const stack = state.live.get(within.stackId) ?? (await findStack(state, owner, within.stackId))
    return { owner, stack: present(stack, 'a stack whose resource is made exists') }
  }
  return {
    async create(within, properties) {
      const parent = await parentOf(within)
      const found = await findStack(state, parent.owner, within.name)
      const stack =
        found?.parentId === within.stackId ? found : await start(state, parent, within, properties)
      return made(await settled(state, parent.owner, stack.stackId), 'created', ['CREATE_COMPLETE'])
    },
    async update(within, stackId, properties) {
      const parent = await parentOf(within)
      const stack = await settled(state, parent.owner, stackId)
      const wanted = await preparedFor(state, parent, stack, properties)
      if (!(await differs(state, parent, stack, wanted))) return made(stack, 'updated', AS_IT_WAS)
      await begin(state, parent.owner, {
        stack,
        kind: 'update',
        prepared: wanted,
        settings: settingsOf(parent.stack, properties),
      })
      return made(await settled(state, parent.owner, stackId), 'updated', ['UPDATE_COMPLETE'])
    },
    async delete(within, stackId) {
      const { owner, stack: parent } = await parentOf(within)
      const stack = await settled(state, owner, stackId).catch((error: unknown) => {
        if (error instanceof HandlerFailure) return undefined
        throw error
      })
      if (stack === undefined || stack.status === 'DELETE_COMPLETE') return
      const clientToken = parent.operation?.clientToken
      await beginDeletion(state, owner, stack, { retain: [], clientToken })
      const rests = await settled(state, owner, stackId)
      if (rests.status !== 'DELETE_COMPLETE') throw failure(rests, 'deleted')
    },
  }
}

/** Waits until nothing is done to the stack any more. Throws `Interrupted` when the platform ends. */
async function settled(state: CloudFormationState, owner: Owner, stackId: string): Promise<StackRecord> {
  for (;;) {
    const stack = await findStack(state, owner, stackId)
    if (stack === undefined) throw new HandlerFailure(`Stack with id ${stackId} does not exist`)
    if (stack.operation === undefined) return stack
    if (state.stopping) throw new Interrupted()
    launch(state, owner, stack)
    await state.running.get(stackId)
  }
}

async function start(
  state: CloudFormationState,
  parent: Parent,
  within: Within,
  properties: Dict,
): Promise<StackRecord> {
  const depth = (parent.stack.depth ?? 0) + 1
  if (depth > NESTED_DEPTH_MAX)
    throw new HandlerFailure(`Stacks can be nested ${NESTED_DEPTH_MAX} deep at most here.`)
  const stack: StackRecord = {
    ...newStack(state, parent.owner, within.name, state.ports.clock.now()),
    parentId: parent.stack.stackId,
    rootId: parent.stack.rootId ?? parent.stack.stackId,
    depth,
  }
  const prepared = await preparedFor(state, parent, stack, properties)
  await begin(state, parent.owner, {
    stack,
    kind: 'create',
    prepared,
    settings: settingsOf(parent.stack, properties),
  })
  return stack
}

async function preparedFor(
  state: CloudFormationState,
  { owner, stack: parent }: Parent,
  stack: StackRecord,
  properties: Dict,
): Promise<Prepared> {
  if ((listAt(properties, 'NotificationARNs') ?? []).length > 0)
    throw new HandlerFailure('Windtunnel does not support NotificationARNs of stacks yet.')
  const [account, region] = owner
  const address = textAt(properties, 'TemplateURL')
  const text = await templateText({ TemplateURL: address }, state.ports.api, { account, region })
  if (text === undefined) throw new HandlerFailure('TemplateURL must be given.')
  try {
    const prepared = await prepare(state, owner, {
      text,
      stackName: stack.name,
      stackId: stack.stackId,
      parameters: parametersIn(properties),
      notificationArns: [],
    })
    const needed = [
      ...capabilitiesOf(prepared.processed).needed,
      ...(prepared.transformed ? ['CAPABILITY_AUTO_EXPAND'] : []),
    ]
    const missing = missingCapabilities(needed, parent.capabilities)
    if (missing.length > 0) throw new HandlerFailure(capabilitiesText(missing))
    return prepared
  } catch (error) {
    if (error instanceof Refusal) throw new HandlerFailure(error.message)
    throw error
  }
}

const parametersIn = (properties: Dict): Map<string, string> =>
  new Map(
    Object.entries(dictAt(properties, 'Parameters') ?? {}).map(([name, value]) => [
      name,
      scalarText(value) ?? '',
    ]),
  )

function settingsOf(parent: StackRecord, properties: Dict): Settings {
  const minutes = memberOf(properties, 'TimeoutInMinutes')
  const tags = (listAt(properties, 'Tags') ?? []).flatMap((tag) => {
    const [Key, Value] = [textAt(tag, 'Key'), scalarText(memberOf(tag, 'Value'))]
    return Key === undefined || Value === undefined ? [] : [{ Key, Value }]
  })
  return {
    capabilities: parent.capabilities,
    tags,
    roleArn: parent.roleArn,
    clientToken: parent.operation?.clientToken,
    onFailure: parent.operation?.onFailure === 'DO_NOTHING' ? 'DO_NOTHING' : 'ROLLBACK',
    timeoutMinutes: typeof minutes === 'number' ? minutes : undefined,
  }
}

async function differs(
  state: CloudFormationState,
  { owner, stack: parent }: Parent,
  stack: StackRecord,
  wanted: Prepared,
): Promise<boolean> {
  const current = await resourcesOf(state, owner, stack)
  const known = await exportsOf(state, owner)
  const changes = asValidation(() =>
    planOf({
      resolved: wanted.resolved,
      current,
      tables: state.tables,
      tags: parent.tags,
      exported: (name) => known.get(name)?.value,
    }),
  )
  return changes.length > 0 || !(await unchanged(state, owner, stack, wanted))
}

/** Source: CloudFormation template reference, AWS::CloudFormation::Stack, Return values. */
function made(stack: StackRecord, what: 'created' | 'updated', good: readonly string[]): Made {
  if (!good.includes(stack.status)) throw failure(stack, what)
  return {
    physicalId: stack.stackId,
    attributes: Object.fromEntries(stack.outputs.map(({ key, value }) => [`Outputs.${key}`, value])),
  }
}

/** Source: recorded AWS answers. */
function failure(stack: StackRecord, what: 'created' | 'updated' | 'deleted'): HandlerFailure {
  const why = stack.failure ?? stack.statusReason ?? ''
  return new HandlerFailure(
    what === 'updated'
      ? `Embedded stack ${stack.stackId} was not successfully updated. Currently in ${stack.status} with reason: ${why}`
      : `Embedded stack ${stack.stackId} was not successfully ${what}: ${why}`,
    stack.stackId,
  )
}
