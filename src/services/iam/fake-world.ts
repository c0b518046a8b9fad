/** IAM on a clock that stands, for its tests. No other service is there. */
import assert from 'node:assert/strict'
import { Fault } from '#base/fault.ts'
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { type Instant, instant } from '#base/time.ts'
import { memoryStores } from '#host/store/memory.ts'
import type { Api } from '#ports/api.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import { createIam, iam, type IamState } from '#services/iam/index.ts'

export const ops = iam.operations

export const call: Call = {
  account: DEFAULT_ACCOUNT,
  region: DEFAULT_REGION,
  requestId: requestId(seeded(1)),
  at: instant(0),
  span: { traceId: '' } as SpanScope,
  accessKeyId: 'test',
  endpoint: '',
  host: '',
  headers: {},
  presigned: false,
  signal: new AbortController().signal,
}

export const START = instant(1_790_000_000_500)

export interface World {
  readonly state: IamState
  readonly clock: { now: Instant }
}

const noApi: Api = { call: () => assert.fail('no other service is asked'), has: () => false }

export function worldOf(api: Api = noApi): World {
  const clock = { now: START }
  const alarm = { cancel: () => undefined }
  const ports = {
    clock: {
      now: () => clock.now,
      elapsed: () => 0,
      wall: () => clock.now,
      wakeAt: () => alarm,
      after: () => alarm,
    },
    random: seeded(3),
    stores: memoryStores(),
    api,
  }
  return { state: createIam(ports), clock }
}

export const world = (): IamState => worldOf().state

/** Code and text of the Fault that an operation answers, or `none`. */
export async function refusal(answer: unknown): Promise<string> {
  try {
    await (typeof answer === 'function' ? answer() : answer)
  } catch (error) {
    if (error instanceof Fault) return `${error.code}: ${error.message}`
    throw error
  }
  return 'none'
}

export const policyText = (...Statement: readonly object[]): string =>
  JSON.stringify({ Version: '2012-10-17', Statement })

export const allowing = (Action: string | readonly string[], Resource = '*', more: object = {}): object => ({
  Effect: 'Allow',
  Action,
  Resource,
  ...more,
})
