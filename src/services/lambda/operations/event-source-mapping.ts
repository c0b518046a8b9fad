/** Event source mappings: queues that functions are invoked for. Other kinds of sources are refused by name. */
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { uuid } from '#base/ids.ts'
import { pageOf } from '#base/result.ts'
import type { EventSourceMappingConfiguration, Lambda } from '#model/lambda.ts'
import type { Operation } from '#ports/service.ts'
import type { Mapping } from '#services/lambda/event-sources/event-sources.ts'
import { MAPPINGS_PAGE } from '#services/lambda/event-sources/limits.ts'
import {
  type MappingRecord,
  type MappingSettings,
  type MappingState,
  shownMapping,
} from '#services/lambda/event-sources/record.ts'
import {
  changedMappingSettings,
  checkMembers,
  checkQueue,
  checkSettings,
  checkSource,
  newMappingSettings,
} from '#services/lambda/event-sources/validate.ts'
import { invalidParameter, tooManyTags } from '#services/lambda/faults.ts'
import { TAGS } from '#services/lambda/limits.ts'
import { type FunctionReference, type Owner, referenceTo } from '#services/lambda/names.ts'
import { versionMeant } from '#services/lambda/qualifiers.ts'
import type { LambdaState } from '#services/lambda/state.ts'

/** The function and how long it may run. Fault: not found. */
async function timeoutOf(state: LambdaState, owner: Owner, reference: FunctionReference): Promise<number> {
  const { version } = await versionMeant(state, owner, reference)
  return version.record.settings.timeoutSeconds
}

/** Source: Lambda API, CreateEventSourceMapping; recorded AWS answers. */
export const createEventSourceMapping: Operation<Lambda['CreateEventSourceMapping'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const sourceArn = checkSource(input, call.region)
  checkMembers(input)
  const reference = referenceTo(input.FunctionName, undefined, call)
  const settings = newMappingSettings(input, reference)
  checkSettings(settings, sourceArn)
  if (Object.keys(input.Tags ?? {}).length > TAGS) throw tooManyTags()
  const timeoutSeconds = await timeoutOf(state, call, reference)
  await checkQueue(state.ports.api, sourceArn, timeoutSeconds)
  const record: MappingRecord = {
    account: call.account,
    region: call.region,
    id: uuid(state.ports.random),
    sourceArn,
    settings,
    state: 'Creating',
    lastModifiedAt: state.now(),
    tags: input.Tags ?? {},
  }
  await state.eventSources.create(call, record)
  return shownMapping(record, call)
}

const shownNow = ({ record, owner, consumer }: Mapping): EventSourceMappingConfiguration =>
  shownMapping(record, owner, consumer?.problem)

/** Source: Lambda API, GetEventSourceMapping. */
export const getEventSourceMapping: Operation<Lambda['GetEventSourceMapping'], LambdaState> = async (
  input,
  state,
  call,
) => shownNow(await state.eventSources.get(call, input.UUID))

/** What a change of settings makes of the mapping at first. */
function transition(before: MappingSettings, after: MappingSettings): MappingState {
  if (before.enabled === after.enabled) return 'Updating'
  return after.enabled ? 'Enabling' : 'Disabling'
}

/** Source: Lambda API, UpdateEventSourceMapping. */
export const updateEventSourceMapping: Operation<Lambda['UpdateEventSourceMapping'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { record: found } = await state.eventSources.get(call, input.UUID)
  checkMembers(input)
  const { functionName, qualifier } = found.settings
  const reference =
    input.FunctionName === undefined
      ? { name: functionName, qualifier }
      : referenceTo(input.FunctionName, undefined, call)
  if (input.FunctionName !== undefined)
    await checkQueue(state.ports.api, found.sourceArn, await timeoutOf(state, call, reference))
  const changed = await state.eventSources.change(call, input.UUID, (record) => {
    const settings = changedMappingSettings(record.settings, input, reference)
    checkSettings(settings, record.sourceArn)
    const next = transition(record.settings, settings)
    return { ...record, settings, state: next, lastModifiedAt: state.now() }
  })
  return shownMapping(changed, call)
}

/** Source: Lambda API, DeleteEventSourceMapping: the answer shows it once more. */
export const deleteEventSourceMapping: Operation<Lambda['DeleteEventSourceMapping'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const deleted = await state.eventSources.change(call, input.UUID, (record) => ({
    ...record,
    state: 'Deleting',
  }))
  return shownMapping(deleted, call)
}

/** Source: Lambda API, ListEventSourceMappings. A function or a source without mappings has an empty list. */
export const listEventSourceMappings: Operation<Lambda['ListEventSourceMappings'], LambdaState> = async (
  input,
  state,
  call,
) => {
  const { EventSourceArn: source, FunctionName: spelled } = input
  const of = spelled === undefined ? undefined : referenceTo(spelled, undefined, call)
  const all = (await state.eventSources.list(call)).filter(
    ({ record }) =>
      (source === undefined || record.sourceArn === source) &&
      (of === undefined ||
        (record.settings.functionName === of.name &&
          (of.qualifier === undefined || record.settings.qualifier === of.qualifier))),
  )
  const limit = Math.min(MAPPINGS_PAGE, input.MaxItems ?? MAPPINGS_PAGE)
  const page = pageOf(all, limit, marked(input.Marker), ({ record }) => record.id)
  return {
    EventSourceMappings: page.items.map(shownNow),
    ...(page.next === undefined ? {} : { NextMarker: base64(utf8(page.next)) }),
  }
}

function marked(marker: string | undefined): string | undefined {
  if (marker === undefined || marker === '') return undefined
  const bytes = fromBase64(marker)
  const id = bytes === undefined ? undefined : strictText(bytes)
  if (id === undefined || id === '') throw invalidParameter('Invalid Marker')
  return id
}
