/**
 * From usage records to a bill: quantities are summed as whole numbers, run through the tiers once, and never rounded.
 * The same records give the same bill in any order and however they are split. Free quantities are a line of their
 * own. What happened and when is the usage port's; how it is drawn is the lab's.
 */
import { assert } from '#base/assert.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import type { Price, PriceBook } from '#engines/pricing/price-book.ts'

/** `mb-ms` is configured MB times billed ms: 1,024,000 of them are one GB-second. */
export type UsageUnit = 'count' | 'bytes' | 'mb-ms'

/** What a bill needs of a usage record. */
export interface Billable {
  readonly service: string
  readonly dimension: string
  readonly quantity: number
  readonly unit: UsageUnit
  readonly tags?: Readonly<Record<string, string>> | undefined
}

/** Sum of one dimension, with what the records' `phase` tag splits it into. */
export interface Used {
  readonly service: string
  readonly dimension: string
  readonly unit: UsageUnit
  /** Part of the dimension shown apart, such as `init`; empty for the rest. */
  readonly phase: string
  readonly quantity: Decimal
}

export interface BillLine {
  readonly service: string
  readonly dimension: string
  readonly phase: string
  /** In the price list's unit. */
  readonly quantity: Decimal
  readonly unit: string
  readonly usd: Decimal
  readonly source: string
  readonly confidence: string
}

export interface Bill {
  readonly region: string
  readonly lines: readonly BillLine[]
  readonly totalUsd: Decimal
  /** What AWS's monthly free quantities would take off, if nothing else in the account used them. */
  readonly freeTierUsd: Decimal
  /** Used, but without a price in the book: the total is too low by these. */
  readonly unpriced: readonly Used[]
}

const ONE = 1n
/** A GB of storage, transfer and logs is 2^30 bytes. Source: AWS pricing pages, "1 GB = 1024 MB" examples; tiers of 10,240 GB for 10 TB. */
const BYTES_PER_GB = 2n ** 30n
/** A GB-second is 1,024 MB for 1,000 ms. Source: AWS Lambda pricing page, worked examples. */
const MB_MS_PER_GB_SECOND = 1_024_000n

/** How many recorded units make one unit of the price list; undefined when they do not fit each other. */
function divisorOf(unit: UsageUnit, price: Price): bigint | undefined {
  switch (unit) {
    case 'count':
      return ONE
    case 'bytes':
      return /^GB(?!-second)/.test(price.unit) ? BYTES_PER_GB : undefined
    case 'mb-ms':
      return price.unit.startsWith('GB-second') ? MB_MS_PER_GB_SECOND : undefined
    default:
      return unit satisfies never
  }
}

/** Sums records by service, dimension, unit and phase, in a fixed order. */
export function usedOf(records: Iterable<Billable>): Used[] {
  const sums = new Map<string, { first: Omit<Used, 'quantity'>; quantity: bigint }>()
  for (const { service, dimension, unit, quantity, tags } of records) {
    assert(
      Number.isSafeInteger(quantity) && quantity >= 0,
      `usage of ${service}/${dimension} is a whole number`,
    )
    const phase = tags?.['phase'] ?? ''
    const key = [service, dimension, unit, phase].join('\u0000')
    const sum = sums.get(key)
    if (sum === undefined) {
      sums.set(key, { first: { service, dimension, unit, phase }, quantity: BigInt(quantity) })
    } else sum.quantity += BigInt(quantity)
  }
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, { first, quantity }]) => ({ ...first, quantity: Decimal.of(quantity) }))
}

/** What that much of a dimension costs within one month. */
export function costOf(quantity: Decimal, price: Price): Decimal {
  let cost = Decimal.ZERO
  let below = Decimal.ZERO
  for (const tier of price.tiers) {
    const upTo = tier.upTo === undefined ? quantity : tier.upTo.min(quantity)
    cost = cost.plus(upTo.minus(below).times(tier.usd))
    below = upTo
    if (tier.upTo === undefined || quantity.compare(tier.upTo) <= 0) break
  }
  return cost
}

/** The bill of these sums, as if they were one month's whole usage of one account. */
export function billOf(used: readonly Used[], book: PriceBook): Bill {
  const lines: BillLine[] = []
  const unpriced: Used[] = []
  const soFar = new Map<string, Decimal>()
  const free = new Map<string, Decimal>()
  let freeTierUsd = Decimal.ZERO
  for (const sum of used) {
    const { service, dimension, phase } = sum
    const price = book.price(service, dimension)
    const divisor = price === undefined ? undefined : divisorOf(sum.unit, price)
    if (price === undefined || divisor === undefined) {
      unpriced.push(sum)
      continue
    }
    const quantity = sum.quantity.overExactly(divisor)
    const name = `${service}/${dimension}`
    const before = soFar.get(name) ?? Decimal.ZERO
    const after = before.plus(quantity)
    soFar.set(name, after)
    const usd = costOf(after, price).minus(costOf(before, price))
    lines.push({
      service,
      dimension,
      phase,
      quantity,
      unit: price.unit,
      usd,
      source: price.source,
      confidence: price.confidence,
    })
    if (price.free !== undefined) {
      const left = free.get(price.free.pool) ?? price.free.quantity
      const taken = left.min(quantity)
      free.set(price.free.pool, left.minus(taken))
      freeTierUsd = freeTierUsd.plus(costOf(before.plus(taken), price).minus(costOf(before, price)))
    }
  }
  const totalUsd = lines.reduce((sum, line) => sum.plus(line.usd), Decimal.ZERO)
  return { region: book.region, lines, totalUsd, freeTierUsd, unpriced }
}

/** Digits behind the point of a per-million figure: a trillionth of a dollar. */
const PER_MILLION_DIGITS = 12

/** Dollars for a million units of work, at the flight's own prices. */
export function perMillion(usd: Decimal, units: number): Decimal {
  return usd.times(Decimal.of(1_000_000)).over(Decimal.of(units), PER_MILLION_DIGITS)
}

/** The same mix at another volume, through the tiers: `units` were measured, `monthly` are asked for. */
export function scaled(used: readonly Used[], units: number, monthly: number): Used[] {
  assert(units > 0, 'a mix is scaled from at least one unit of work')
  return used.map((sum) => ({
    ...sum,
    quantity: sum.quantity.times(Decimal.of(monthly)).over(Decimal.of(units), 0),
  }))
}
