/** What is done with a function's asynchronous events: retries, age and destinations, for each qualifier. */
import { parseArn } from '#base/arn.ts'
import { base64, fromBase64, strictText, utf8 } from '#base/bytes.ts'
import { pageOf } from '#base/result.ts'
import { instant } from '#base/time.ts'
import type { FunctionEventInvokeConfig, Lambda, PutFunctionEventInvokeConfigRequest } from '#model/lambda.ts'
import type { Call, Operation } from '#ports/service.ts'
import {
  destinationConfigInvalid,
  destinationInvalid,
  invalidParameter,
  noEventInvokeConfig,
  noSuchFunction,
  nothingConfigured,
  ownDestination,
} from '#services/lambda/faults.ts'
import { PAGE_SIZE } from '#services/lambda/limits.ts'
import { LATEST, type Owner, functionArn, referenceTo } from '#services/lambda/names.ts'
import { versionNamed } from '#services/lambda/qualifiers.ts'
import type { EventInvokeConfig, FunctionRecord } from '#services/lambda/record.ts'
import type { LambdaState } from '#services/lambda/state.ts'

interface Named {
  readonly FunctionName: string
  readonly Qualifier?: string | undefined
}

interface Meant {
  readonly name: string
  readonly qualifier: string
  /** With the qualifier. */
  readonly arn: string
}

function meant(input: Named, owner: Owner): Meant {
  const { name, qualifier = LATEST } = referenceTo(input.FunctionName, input.Qualifier, owner)
  return { name, qualifier, arn: functionArn(owner, name, qualifier) }
}

/** The function must be there, and have that qualifier. Fault ResourceNotFoundException. */
async function existing(state: LambdaState, call: Call, { name, qualifier }: Meant): Promise<FunctionRecord> {
  const live = await state.find(call, name)
  if (live === undefined) throw noSuchFunction()
  const version = versionNamed(live.record, qualifier)
  if (version === undefined || (version !== LATEST && !(await state.versions.find(call, name, version))))
    throw noSuchFunction()
  return live.record
}

const shown = (config: EventInvokeConfig, arn: string): FunctionEventInvokeConfig => ({
  LastModified: instant(config.lastModifiedAt),
  FunctionArn: arn,
  MaximumRetryAttempts: config.retriesMax,
  MaximumEventAgeInSeconds: config.ageSecondsMax,
  DestinationConfig: {
    OnSuccess: config.onSuccess === undefined ? {} : { Destination: config.onSuccess },
    OnFailure: config.onFailure === undefined ? {} : { Destination: config.onFailure },
  },
})

const givenArn = (arn: string | undefined): string | undefined => (arn === '' ? undefined : arn)

const RECEIVERS = {
  success: ['lambda', 'sqs', 'sns', 'events'],
  failure: ['lambda', 'sqs', 'sns', 'events', 's3'],
} as const satisfies Record<string, readonly string[]>

/** Receivers of the right kinds; functions must be there and another one. Source: recorded AWS answers. */
async function checkDestinations(
  input: PutFunctionEventInvokeConfigRequest,
  state: LambdaState,
  of: { readonly owner: Owner; readonly name: string },
): Promise<void> {
  const success = givenArn(input.DestinationConfig?.OnSuccess?.Destination)
  const failure = givenArn(input.DestinationConfig?.OnFailure?.Destination)
  for (const [arn, services] of [
    [success, RECEIVERS.success],
    [failure, RECEIVERS.failure],
  ] as const) {
    if (arn === undefined) continue
    const parts = parseArn(arn)
    const isReceiver =
      parts !== undefined &&
      parts.resource !== '' &&
      services.some((service) => service === parts.service) &&
      // Buckets have no region in their ARN; of the others it must be the function's.
      parts.region === (parts.service === 's3' ? '' : of.owner.region)
    if (!isReceiver) throw destinationConfigInvalid(success, failure)
    if (parts.service !== 'lambda') continue
    const [kind, name = ''] = parts.resource.split(':')
    if (kind !== 'function') throw destinationInvalid(arn)
    const own = parts.account === of.owner.account && parts.region === of.owner.region
    if (own && name === of.name) throw ownDestination()
    if (own && (await state.find(of.owner, name)) === undefined) throw destinationInvalid(arn)
  }
}

function checkSomething(input: PutFunctionEventInvokeConfigRequest): void {
  if (
    input.MaximumRetryAttempts === undefined &&
    input.MaximumEventAgeInSeconds === undefined &&
    input.DestinationConfig === undefined
  )
    throw nothingConfigured()
}

/** The configuration with what the input names. */
function changed(
  before: EventInvokeConfig | undefined,
  input: PutFunctionEventInvokeConfigRequest,
  lastModifiedAt: number,
): EventInvokeConfig {
  const { DestinationConfig: to } = input
  return {
    lastModifiedAt,
    retriesMax: input.MaximumRetryAttempts ?? before?.retriesMax,
    ageSecondsMax: input.MaximumEventAgeInSeconds ?? before?.ageSecondsMax,
    onSuccess: to?.OnSuccess === undefined ? before?.onSuccess : givenArn(to.OnSuccess.Destination),
    onFailure: to?.OnFailure === undefined ? before?.onFailure : givenArn(to.OnFailure.Destination),
  }
}

async function keep(
  state: LambdaState,
  call: Call,
  { name, qualifier }: Meant,
  edit: (before: EventInvokeConfig | undefined) => EventInvokeConfig | undefined,
): Promise<EventInvokeConfig | undefined> {
  const record = await state.change(call, name, (of) => {
    const { [qualifier]: before, ...others } = of.eventInvoke ?? {}
    const config = edit(before)
    return { ...of, eventInvoke: config === undefined ? others : { ...others, [qualifier]: config } }
  })
  return record.eventInvoke?.[qualifier]
}

/** Replaces what was there. Source: Lambda API, PutFunctionEventInvokeConfig; recorded AWS answers. */
export const putFunctionEventInvokeConfig: Operation<
  Lambda['PutFunctionEventInvokeConfig'],
  LambdaState
> = async (input, state, call) => {
  const of = meant(input, call)
  checkSomething(input)
  await existing(state, call, of)
  await checkDestinations(input, state, { owner: call, name: of.name })
  const config = changed(undefined, input, Math.floor(state.ports.clock.now()))
  await keep(state, call, of, () => config)
  return shown(config, of.arn)
}

/** Changes what the input names. Source: Lambda API, UpdateFunctionEventInvokeConfig; recorded AWS answers. */
export const updateFunctionEventInvokeConfig: Operation<
  Lambda['UpdateFunctionEventInvokeConfig'],
  LambdaState
> = async (input, state, call) => {
  const of = meant(input, call)
  checkSomething(input)
  await existing(state, call, of)
  await checkDestinations(input, state, { owner: call, name: of.name })
  const config = await keep(state, call, of, (before) => {
    if (before === undefined) throw noEventInvokeConfig(of.arn)
    return changed(before, input, Math.floor(state.ports.clock.now()))
  })
  if (config === undefined) throw noEventInvokeConfig(of.arn)
  return shown(config, of.arn)
}

/** Source: Lambda API, GetFunctionEventInvokeConfig; recorded AWS answers. */
export const getFunctionEventInvokeConfig: Operation<
  Lambda['GetFunctionEventInvokeConfig'],
  LambdaState
> = async (input, state, call) => {
  const of = meant(input, call)
  const config = (await state.find(call, of.name))?.record.eventInvoke?.[of.qualifier]
  if (config === undefined) throw noEventInvokeConfig(of.arn)
  return shown(config, of.arn)
}

/** Source: Lambda API, DeleteFunctionEventInvokeConfig; recorded AWS answers. */
export const deleteFunctionEventInvokeConfig: Operation<
  Lambda['DeleteFunctionEventInvokeConfig'],
  LambdaState
> = async (input, state, call) => {
  const of = meant(input, call)
  if ((await state.find(call, of.name)) === undefined) throw noEventInvokeConfig(of.arn)
  await keep(state, call, of, (before) => {
    if (before === undefined) throw noEventInvokeConfig(of.arn)
    return undefined
  })
  return {}
}

/** Source: Lambda API, ListFunctionEventInvokeConfigs; recorded AWS answers. */
export const listFunctionEventInvokeConfigs: Operation<
  Lambda['ListFunctionEventInvokeConfigs'],
  LambdaState
> = async (input, state, call) => {
  const { name } = referenceTo(input.FunctionName, undefined, call)
  const live = await state.find(call, name)
  if (live === undefined) throw noSuchFunction()
  const all = Object.entries(live.record.eventInvoke ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))
  const limit = Math.min(PAGE_SIZE, input.MaxItems ?? PAGE_SIZE)
  const page = pageOf(all, limit, marked(input.Marker), ([qualifier]) => qualifier)
  return {
    FunctionEventInvokeConfigs: page.items.map(([qualifier, config]) =>
      shown(config, functionArn(call, name, qualifier)),
    ),
    ...(page.next === undefined ? {} : { NextMarker: base64(utf8(page.next)) }),
  }
}

function marked(marker: string | undefined): string | undefined {
  if (marker === undefined || marker === '') return undefined
  const bytes = fromBase64(marker)
  const qualifier = bytes === undefined ? undefined : strictText(bytes)
  if (qualifier === undefined || qualifier === '') throw invalidParameter('Invalid Marker')
  return qualifier
}
