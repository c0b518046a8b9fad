/**
 * Places in a stream of events as tokens: a time and a sequence number in 56 digits, as AWS's look. An event's id is
 * the same digits, so it is unique and sorts like the events.
 */
import { invalidToken } from '#services/logs/faults.ts'

export interface Place {
  readonly at: number
  /** -1 stands before all events of that time. */
  readonly sequence: number
}

const AT_DIGITS = 20
const SEQUENCE_DIGITS = 36

export const placeDigits = (place: Place): string =>
  `${place.at}`.padStart(AT_DIGITS, '0') + `${place.sequence + 1}`.padStart(SEQUENCE_DIGITS, '0')

export function placeOf(digits: string): Place {
  if (!/^\d{56}$/.test(digits)) throw invalidToken()
  const at = Number(digits.slice(0, AT_DIGITS))
  const sequence = Number(digits.slice(AT_DIGITS)) - 1
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(sequence)) throw invalidToken()
  return { at, sequence }
}

export type Direction = 'f' | 'b'

export const cursorToken = (direction: Direction, place: Place): string =>
  `${direction}/${placeDigits(place)}`

/** Fault: the token is none of ours. */
export function cursorOf(token: string): { readonly direction: Direction; readonly place: Place } {
  const direction = token.slice(0, 2)
  if (direction !== 'f/' && direction !== 'b/') throw invalidToken()
  return { direction: direction === 'f/' ? 'f' : 'b', place: placeOf(token.slice(2)) }
}
