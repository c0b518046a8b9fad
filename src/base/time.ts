/**
 * Time as two kinds of number: an `Instant` is a point (milliseconds since the epoch, fractions allowed),
 * `Ms` is a length. Nothing here reads a clock: that is `ports/clock.ts`.
 */
import { type Brand, brand } from '#base/brand.ts'

export type Instant = Brand<number, 'Instant'>
/** A length of time in milliseconds. */
export type Ms = number

export const instant = (epochMs: number): Instant => brand<Instant>(epochMs)
export const later = (at: Instant, ms: Ms): Instant => brand<Instant>(at + ms)
export const seconds = (count: number): Ms => count * 1_000
export const minutes = (count: number): Ms => count * 60_000
export const hours = (count: number): Ms => count * 3_600_000

/** Civil date of an instant in UTC; pure arithmetic, so that rooms without `Date` can print time. */
export interface UtcParts {
  readonly year: number
  readonly month: number // 1 to 12
  readonly day: number // 1 to 31
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number // 0 to 999, rounded down
  readonly weekday: number // 0 is Sunday
}

/** Source of the algorithm: days-from-civil, H. Hinnant, chrono-compatible low-level date algorithms. */
export function utcParts(at: Instant): UtcParts {
  const whole = Math.floor(at)
  const days = Math.floor(whole / 86_400_000)
  const rest = whole - days * 86_400_000
  const z = days + 719_468
  const era = Math.floor(z / 146_097)
  const doe = z - era * 146_097
  const yoe = Math.floor(
    (doe - Math.floor(doe / 1_460) + Math.floor(doe / 36_524) - Math.floor(doe / 146_096)) / 365,
  )
  const doy = doe - (365 * yoe + Math.floor(yoe / 4) - Math.floor(yoe / 100))
  const mp = Math.floor((5 * doy + 2) / 153)
  const month = mp < 10 ? mp + 3 : mp - 9
  return {
    year: yoe + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: doy - Math.floor((153 * mp + 2) / 5) + 1,
    hour: Math.floor(rest / 3_600_000),
    minute: Math.floor(rest / 60_000) % 60,
    second: Math.floor(rest / 1_000) % 60,
    ms: rest % 1_000,
    weekday: (((4 + days) % 7) + 7) % 7,
  }
}

/** The inverse of `utcParts`; what is left out is the least, and out-of-range days or hours carry over. */
export function fromUtc(
  parts: Partial<Omit<UtcParts, 'year' | 'weekday'>> & { readonly year: number },
): Instant {
  const { year, month = 1, day = 1, hour = 0, minute = 0, second = 0, ms = 0 } = parts
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yoe = y - era * 400
  const doy = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const doe = yoe * 365 + Math.floor(yoe / 4) - Math.floor(yoe / 100) + doy
  const days = era * 146_097 + doe - 719_468
  return instant(days * 86_400_000 + hour * 3_600_000 + minute * 60_000 + second * 1_000 + ms)
}

const two = (n: number): string => (n < 10 ? `0${n}` : `${n}`)
const three = (n: number): string => `${n}`.padStart(3, '0')
const four = (n: number): string => `${n}`.padStart(4, '0')
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const

/** `2026-11-25T03:04:05.678Z` */
export function isoMs(at: Instant): string {
  const p = utcParts(at)
  return `${four(p.year)}-${two(p.month)}-${two(p.day)}T${two(p.hour)}:${two(p.minute)}:${two(p.second)}.${three(p.ms)}Z`
}

/** `2026-11-25T03:04:05Z` */
export function isoSeconds(at: Instant): string {
  return `${isoMs(at).slice(0, 19)}Z`
}

/** As the calendar writes it. */
export interface Civil {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly ms: number
}

const daysOf = (year: number, month: number): number =>
  month === 2
    ? year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
      ? 29
      : 28
    : month === 4 || month === 6 || month === 9 || month === 11
      ? 30
      : 31

/** `fromUtc` of a time that the calendar has; undefined otherwise. A leap second is the next minute. */
export function civil(parts: Civil): Instant | undefined {
  const { year, month, day, hour, minute, second } = parts
  if (month < 1 || month > 12 || day < 1 || day > daysOf(year, month)) return undefined
  if (hour > 23 || minute > 59 || second > 60) return undefined
  return fromUtc(parts)
}

/** `.678` as ms, with what is below a ms as a fraction. */
export const fractionMs = (digits: string | undefined): Ms =>
  digits === undefined ? 0 : Math.floor(Number(digits) * 1_000_000) / 1_000

const ISO = /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(\.\d+)?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** ISO 8601 with seconds and a zone, as AWS takes it; undefined for anything else. */
export function parseIso(value: string): Instant | undefined {
  const m = ISO.exec(value)
  if (m === null) return undefined
  const at = civil({
    year: Number(m[1]),
    month: Number(m[2]),
    day: Number(m[3]),
    hour: Number(m[4]),
    minute: Number(m[5]),
    second: Number(m[6]),
    ms: fractionMs(m[7]),
  })
  if (at === undefined || m[8] === undefined) return at
  const zoneHours = Number(m[9])
  const zoneMinutes = Number(m[10])
  if (zoneHours > 23 || zoneMinutes > 59) return undefined
  const offset = hours(zoneHours) + minutes(zoneMinutes)
  return later(at, m[8] === '+' ? -offset : offset)
}

/** `Wed, 25 Nov 2026 03:04:05 GMT`, the date of HTTP headers. */
export function httpDate(at: Instant): string {
  const p = utcParts(at)
  const clock = `${two(p.hour)}:${two(p.minute)}:${two(p.second)}`
  return `${WEEKDAYS[p.weekday]}, ${two(p.day)} ${MONTHS[p.month - 1]} ${four(p.year)} ${clock} GMT`
}

/** `25/Nov/2026:03:04:05 +0000`, the common log format that API Gateway's requestTime uses. */
export function clfDate(at: Instant): string {
  const p = utcParts(at)
  return `${two(p.day)}/${MONTHS[p.month - 1]}/${four(p.year)}:${two(p.hour)}:${two(p.minute)}:${two(p.second)} +0000`
}
