/**
 * The price book: service and dimension to rates, as vendored from AWS's public price lists, each row with its source
 * and how sure it is. Prices are per single unit; `upTo` is the cumulative monthly bound of a tier.
 */
import { isRecord, numberAt, stringAt, valueAt } from '#base/json.ts'
import { assert } from '#base/assert.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import usEast1 from './us-east-1.json' with { type: 'json' }

export interface Tier {
  /** Undefined for the last tier. */
  readonly upTo: Decimal | undefined
  readonly usd: Decimal
}

/** What AWS does not charge each month, for good. Quantities that several dimensions share have one pool. */
export interface FreeQuantity {
  readonly pool: string
  readonly quantity: Decimal
}

export interface Price {
  /** As the price list names it, such as `GB-second` or `request`. */
  readonly unit: string
  readonly tiers: readonly Tier[]
  readonly free: FreeQuantity | undefined
  readonly source: string
  /** `high`, `medium` or `low`. */
  readonly confidence: string
}

export interface PriceBook {
  readonly region: string
  /** Undefined for a dimension that has no row. */
  price(service: string, dimension: string): Price | undefined
  readonly rows: readonly { readonly service: string; readonly dimension: string; readonly price: Price }[]
}

/** Reads a price book's JSON; a row that is not one is a defect of the vendored file. */
export function readPriceBook(region: string, json: unknown): PriceBook {
  assert(isRecord(json), 'a price book is an object of services')
  const rows: PriceBook['rows'][number][] = []
  const found = new Map<string, Price>()
  for (const [service, dimensions] of Object.entries(json)) {
    assert(isRecord(dimensions), `${service} is an object of dimensions`)
    for (const [dimension, row] of Object.entries(dimensions)) {
      const price = readPrice(`${service}/${dimension}`, row)
      rows.push({ service, dimension, price })
      found.set(`${service}/${dimension}`, price)
    }
  }
  return { region, rows, price: (service, dimension) => found.get(`${service}/${dimension}`) }
}

function readPrice(name: string, row: unknown): Price {
  const tiers = valueAt(row, 'tiers')
  const unit = stringAt(row, 'unit')
  assert(Array.isArray(tiers) && tiers.length > 0 && unit !== undefined, `${name} has a unit and tiers`)
  return {
    unit,
    tiers: tiers.map((tier: unknown) => readTier(name, tier)),
    free: readFree(name, valueAt(row, 'freeTier')),
    source: stringAt(row, 'source') ?? '',
    confidence: stringAt(row, 'confidence') ?? '',
  }
}

function readTier(name: string, tier: unknown): Tier {
  const usd = numberAt(tier, 'usd')
  assert(usd !== undefined, `every tier of ${name} has a price`)
  const upTo = numberAt(tier, 'upTo')
  // A number's shortest decimal spelling is the one that stands in the file.
  return { upTo: upTo === undefined ? undefined : Decimal.of(upTo), usd: Decimal.of(usd) }
}

/** Only what is free each month for every account: offers to new accounts and per-request allowances are left out. */
function readFree(name: string, free: unknown): FreeQuantity | undefined {
  const quantity = numberAt(free, 'quantity')
  if (quantity === undefined || stringAt(free, 'duration') !== 'always') return undefined
  if (stringAt(free, 'period') !== 'month') return undefined
  return { pool: stringAt(free, 'pool') ?? name, quantity: Decimal.of(quantity) }
}

/** Prices of us-east-1. Source: AWS price lists of 2025 and 2026, row by row in the file. */
export const usEast1Prices: PriceBook = readPriceBook('us-east-1', usEast1)
