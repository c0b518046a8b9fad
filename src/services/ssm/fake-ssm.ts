/** Parameter Store for its tests: over a store in memory, on a clock that tests move. Never part of a platform. */
import { DEFAULT_ACCOUNT, DEFAULT_REGION, requestId } from '#base/ids.ts'
import { seeded } from '#base/random.ts'
import { type Instant, instant } from '#base/time.ts'
import type { Call } from '#ports/service.ts'
import type { SpanScope } from '#ports/spans.ts'
import type { Stores } from '#ports/store.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { createSsm, type SsmState } from '#services/ssm/index.ts'

export const START = instant(1_790_000_000_000)

const span: SpanScope = {
  traceId: '1-00000000-000000000000000000000000',
  id: '0000000000000000',
  header: () => '',
  set: () => undefined,
  link: () => undefined,
  child: () => '',
  open: () => span,
  end: () => undefined,
}

export const call: Call = {
  account: DEFAULT_ACCOUNT,
  region: DEFAULT_REGION,
  requestId: requestId(seeded(1)),
  at: START,
  span,
  accessKeyId: 'test',
  endpoint: '',
  host: '',
  headers: {},
  presigned: false,
  signal: new AbortController().signal,
}

export interface World {
  readonly state: SsmState
  readonly clock: { at: Instant }
  readonly billed: UsageRecord[]
}

export function world(stores: Stores): World {
  const clock = { at: START }
  const billed: UsageRecord[] = []
  const alarm = { cancel: () => undefined }
  const state = createSsm({
    random: seeded(5),
    stores,
    usage: { record: (one) => void billed.push(one), read: () => Promise.resolve(billed) },
    clock: {
      now: () => clock.at,
      elapsed: () => 0,
      wall: () => clock.at,
      wakeAt: () => alarm,
      after: () => alarm,
    },
  })
  return { state, clock, billed }
}
