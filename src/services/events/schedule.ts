/**
 * Schedule expressions: rates and cron, in UTC, to the minute. Pure: told a time, it says when the next one is.
 * Source: EventBridge user guide, Schedule expressions for rules; recorded AWS answers for what is refused.
 */
import { fromUtc, type Instant, instant, type Ms, utcParts } from '#base/time.ts'

export type Schedule = { readonly kind: 'rate'; readonly periodMs: Ms } | CronSchedule

interface CronSchedule {
  readonly kind: 'cron'
  readonly minutes: readonly number[]
  readonly hours: readonly number[]
  readonly months: readonly number[]
  /** Undefined: every year. */
  readonly years: ReadonlySet<number> | undefined
  readonly day: DayRule
}

/** Which days of a month: by their numbers, or by their names. */
type DayRule =
  | { readonly kind: 'any' }
  | { readonly kind: 'days'; readonly days: ReadonlySet<number> }
  /** `L`, or `L-3`. */
  | { readonly kind: 'last'; readonly before: number }
  /** `15W`, or `LW`: the working day that lies nearest. */
  | { readonly kind: 'working'; readonly day: number | 'last' }
  /** 0 is Sunday. */
  | { readonly kind: 'weekdays'; readonly weekdays: ReadonlySet<number> }
  | { readonly kind: 'nth'; readonly weekday: number; readonly nth: number }
  | { readonly kind: 'last-weekday'; readonly weekday: number }

const UNITS: Readonly<Record<string, Ms>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 }
const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC']
const WEEKDAYS = ['SUN', 'MON', 'TUE', 'WED', 'THU', 'FRI', 'SAT']
/** Years after which nothing is looked for. Source: EventBridge user guide, cron: years to 2199. */
const YEAR_MAX = 2199

/** The schedule, or undefined when AWS refuses the expression. */
export function parseSchedule(expression: string): Schedule | undefined {
  const rate = /^rate\((\d+) (minute|hour|day)(s?)\)$/.exec(expression)
  if (rate !== null) {
    const [, digits = '', unit = '', plural = ''] = rate
    const count = Number(digits)
    if (count < 1 || (count === 1) !== (plural === '')) return undefined
    return { kind: 'rate', periodMs: count * (UNITS[unit] ?? 0) }
  }
  const cron = /^cron\((.+)\)$/.exec(expression)
  return cron === null ? undefined : parseCron((cron[1] ?? '').trim().split(/\s+/))
}

function parseCron(fields: readonly string[]): CronSchedule | undefined {
  if (fields.length !== 6) return undefined
  const [m = '', h = '', dayOfMonth = '', month = '', dayOfWeek = '', year = ''] = fields
  const minutes = listOf(m, { low: 0, high: 59 })
  const hours = listOf(h, { low: 0, high: 23 })
  const months = listOf(month, { low: 1, high: 12, names: MONTHS })
  const years = year === '*' ? undefined : listOf(year, { low: 0, high: 9_999, from: 1970, to: YEAR_MAX })
  const day = dayRule(dayOfMonth, dayOfWeek)
  if (minutes === undefined || hours === undefined || months === undefined || day === undefined)
    return undefined
  if (year !== '*' && years === undefined) return undefined
  return { kind: 'cron', minutes, hours, months, years: years && new Set(years), day }
}

/** One of the two day fields is `?`. */
function dayRule(dayOfMonth: string, dayOfWeek: string): DayRule | undefined {
  if (dayOfWeek === '?') return dayOfMonth === '?' ? undefined : monthDays(dayOfMonth)
  return dayOfMonth === '?' ? weekDays(dayOfWeek) : undefined
}

function monthDays(field: string): DayRule | undefined {
  if (field === '*') return { kind: 'any' }
  if (field === 'L') return { kind: 'last', before: 0 }
  if (field === 'LW') return { kind: 'working', day: 'last' }
  const special = /^(?:L-(\d{1,2})|(\d{1,2})W)$/.exec(field)
  if (special?.[1] !== undefined)
    return Number(special[1]) <= 30 ? { kind: 'last', before: Number(special[1]) } : undefined
  if (special?.[2] !== undefined) {
    const day = Number(special[2])
    return day >= 1 && day <= 31 ? { kind: 'working', day } : undefined
  }
  const days = listOf(field, { low: 1, high: 31 })
  return days === undefined ? undefined : { kind: 'days', days: new Set(days) }
}

const weekdayOf = (text: string): number | undefined => {
  const named = WEEKDAYS.indexOf(text.toUpperCase())
  if (named !== -1) return named
  return /^[1-7]$/.test(text) ? Number(text) - 1 : undefined
}

function weekDays(field: string): DayRule | undefined {
  if (field === '*') return { kind: 'any' }
  if (field === 'L') return { kind: 'weekdays', weekdays: new Set([6]) }
  const special = /^([A-Za-z]{3}|\d)(?:#([1-5])|(L))$/.exec(field)
  if (special !== null) {
    const weekday = weekdayOf(special[1] ?? '')
    if (weekday === undefined) return undefined
    return special[3] === 'L'
      ? { kind: 'last-weekday', weekday }
      : { kind: 'nth', weekday, nth: Number(special[2]) }
  }
  const days = listOf(field, { low: 1, high: 7, names: WEEKDAYS })
  return days === undefined ? undefined : { kind: 'weekdays', weekdays: new Set(days.map((day) => day - 1)) }
}

interface FieldRange {
  readonly low: number
  readonly high: number
  /** Words for `low` and on. */
  readonly names?: readonly string[]
  /** What `*` means, where it is less than all that is taken. */
  readonly from?: number
  readonly to?: number
}

/** The values of one field in order, or undefined when it is malformed. */
function listOf(field: string, range: FieldRange): readonly number[] | undefined {
  const values = new Set<number>()
  for (const part of field.split(',')) {
    const found = partOf(part, range)
    if (found === undefined) return undefined
    for (const value of found) values.add(value)
  }
  return [...values].sort((a, b) => a - b)
}

function valueOf(text: string, { low, high, names }: FieldRange): number | undefined {
  const named = names?.indexOf(text.toUpperCase()) ?? -1
  if (named !== -1) return low + named
  if (!/^\d{1,4}$/.test(text)) return undefined
  const value = Number(text)
  return value >= low && value <= high ? value : undefined
}

/** `*`, `5`, `1-5`, each with `/STEP`; a range may go over the end. */
function partOf(part: string, range: FieldRange): readonly number[] | undefined {
  const match = /^(\*|[^-/]+)(?:-([^-/]+))?(?:\/(\d{1,4}))?$/.exec(part)
  if (match === null) return undefined
  const [, first = '', second, stepText] = match
  const step = stepText === undefined ? 1 : Number(stepText)
  if (step < 1) return undefined
  const lowest = range.from ?? range.low
  const highest = range.to ?? range.high
  const from = first === '*' ? lowest : valueOf(first, range)
  if (from === undefined || (first === '*' && second !== undefined)) return undefined
  if (second === undefined && stepText === undefined && first !== '*') return [from]
  const to = second === undefined ? highest : valueOf(second, range)
  if (to === undefined) return undefined
  if (from <= to) return stepped(from, to, step)
  const over = stepped(from, highest + (to - lowest) + 1, step)
  return over.map((value) => (value > highest ? value - (highest - lowest + 1) : value))
}

const stepped = (from: number, to: number, step: number): number[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) => from + i * step)

/** The first time after `now`, or undefined when there is none. `from` is where the periods of a rate begin. */
export function nextAfter(schedule: Schedule, now: Instant, from: Instant): Instant | undefined {
  if (schedule.kind === 'rate') {
    const periods = Math.floor((now - from) / schedule.periodMs) + 1
    return instant(from + Math.max(1, periods) * schedule.periodMs)
  }
  return nextCron(schedule, now)
}

function nextCron(schedule: CronSchedule, now: Instant): Instant | undefined {
  const start = utcParts(instant((Math.floor(now / 60_000) + 1) * 60_000))
  for (let { year } = start; year <= YEAR_MAX; year++) {
    if (schedule.years?.has(year) === false) continue
    for (const month of schedule.months) {
      if (year === start.year && month < start.month) continue
      const isFirst = year === start.year && month === start.month
      const found = nextInMonth(schedule, { year, month }, isFirst ? start : undefined)
      if (found !== undefined) return found
    }
    // Four hundred years repeat themselves; a day that eight do not have never comes.
    if (year > start.year + 8 && schedule.years === undefined) return undefined
  }
  return undefined
}

interface Month {
  readonly year: number
  readonly month: number
}

function nextInMonth(
  { hours, minutes, day }: CronSchedule,
  month: Month,
  start: { readonly day: number; readonly hour: number; readonly minute: number } | undefined,
): Instant | undefined {
  const days = lengthOf(month)
  for (let date = start?.day ?? 1; date <= days; date++) {
    if (!holdsOn(day, month, date)) continue
    const isFirst = start !== undefined && date === start.day
    for (const hour of hours) {
      if (isFirst && hour < start.hour) continue
      const minute = minutes.find((each) => !isFirst || hour > start.hour || each >= start.minute)
      if (minute !== undefined) return fromUtc({ ...month, day: date, hour, minute })
    }
  }
  return undefined
}

const lengthOf = ({ year, month }: Month): number =>
  utcParts(
    instant(fromUtc({ year: month === 12 ? year + 1 : year, month: month === 12 ? 1 : month + 1 }) - 1),
  ).day

const weekdayOn = ({ year, month }: Month, day: number): number =>
  utcParts(fromUtc({ year, month, day })).weekday

function holdsOn(rule: DayRule, month: Month, date: number): boolean {
  switch (rule.kind) {
    case 'any':
      return true
    case 'days':
      return rule.days.has(date)
    case 'last':
      return date === lengthOf(month) - rule.before
    case 'working':
      return date === workingDay(rule.day, month)
    case 'weekdays':
      return rule.weekdays.has(weekdayOn(month, date))
    case 'nth':
      return weekdayOn(month, date) === rule.weekday && Math.ceil(date / 7) === rule.nth
    case 'last-weekday':
      return weekdayOn(month, date) === rule.weekday && date + 7 > lengthOf(month)
    default:
      return rule satisfies never
  }
}

/** The working day nearest to that day, within the month. */
function workingDay(day: number | 'last', month: Month): number | undefined {
  const length = lengthOf(month)
  const wanted = day === 'last' ? length : day
  if (wanted > length) return undefined
  const weekday = weekdayOn(month, wanted)
  if (weekday === 6) return wanted === 1 ? 3 : wanted - 1
  if (weekday === 0) return wanted === length ? wanted - 2 : wanted + 1
  return wanted
}
