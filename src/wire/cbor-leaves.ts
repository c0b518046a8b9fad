/** How rpcv2Cbor holds what JSON has no value for: bytes as bytes, times as tag 1, doubles as doubles. */
import { type Instant, instant } from '#base/time.ts'
import { Double, Tagged } from '#wire/cbor.ts'
import type { Leaves } from '#wire/json-read.ts'
import type { WriteLeaves } from '#wire/json-write.ts'
import { serialization, wrongType } from '#wire/malformed.ts'
import { isWithin, secondsOf } from '#wire/scalars.ts'

function timeOf(value: unknown): Instant {
  const seconds = value instanceof Tagged && value.tag === 1 ? value.value : value
  if (typeof seconds === 'number' && Number.isFinite(seconds))
    return instant(Math.round(seconds * 1_000_000) / 1_000)
  throw serialization('A timestamp is epoch seconds under tag 1')
}

export const CBOR_LEAVES: Leaves = {
  blob: (value) => {
    if (value instanceof Uint8Array) return value
    throw wrongType(value, 'a Blob')
  },
  time: timeOf,
  whole: (value, kind) => {
    if (typeof value === 'number' && Number.isInteger(value) && isWithin(value, kind)) return value
    if (typeof value === 'bigint' && isWithin(Number(value), kind, value)) return Number(value)
    throw wrongType(value, 'Integer')
  },
  decimal: (value) => {
    if (typeof value === 'number') return value
    if (typeof value === 'bigint') return Number(value)
    throw wrongType(value, 'Double')
  },
}

export const CBOR_WRITE_LEAVES: WriteLeaves = {
  blob: null,
  time: () => (value) => (typeof value === 'number' ? new Tagged(1, new Double(secondsOf(value))) : value),
  decimal: (value) => (typeof value === 'number' ? new Double(value) : value),
}
