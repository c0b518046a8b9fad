/**
 * The flight's bill: the whole, per million requests, per route and per request. Usage that carries a trace belongs
 * to its request; usage without one (logs, for instance) is shared evenly by all requests.
 */
import type { UsageRecord } from '#ports/usage.ts'
import { type Bill, billOf, perMillion, type Used, usedOf, scaled } from '#engines/pricing/bill.ts'
import type { Decimal } from '#engines/pricing/decimal.ts'
import type { PriceBook } from '#engines/pricing/price-book.ts'
import type { BillReport } from '#lab/report.ts'

const LABELS: Readonly<Record<string, string>> = {
  'lambda/requests': 'Lambda requests',
  'lambda/durationX86': 'GB-seconds',
  'lambda/durationArm': 'GB-seconds (Arm)',
  'lambda/durationX86/init': 'init',
  'lambda/durationArm/init': 'init (Arm)',
  'lambda/ephemeralStorage': '/tmp above 512 MB',
  'lambda/responseStreaming': 'streamed responses',
  'apiGatewayHttp/requests': 'HTTP API',
  'apiGatewayRest/requests': 'REST API',
  'cloudwatch/lambdaLogsIngestStandard': 'logs',
  'cloudwatch/logsIngestStandard': 'logs',
  'dataTransfer/internetOut': 'data out',
  's3/putCopyPostList': 'S3 writes',
  's3/getAndOther': 'S3 reads',
}

/** What people call a dimension. */
export function labelOf(service: string, dimension: string, phase: string): string {
  const name = `${service}/${dimension}`
  return (
    LABELS[phase === '' ? name : `${name}/${phase}`] ??
    `${LABELS[name] ?? name}${phase === '' ? '' : ` ${phase}`}`
  )
}

/** The bill as a report carries it. `requests` is what per-million figures divide by; 0 leaves them out. */
export function billReport(bill: Bill, book: PriceBook, requests: number): BillReport {
  const million = (usd: Decimal): string | null =>
    requests === 0 ? null : perMillion(usd, requests).toString()
  return {
    region: bill.region,
    requests,
    totalUsd: bill.totalUsd.toString(),
    usdPerMillion: million(bill.totalUsd),
    freeTierUsd: bill.freeTierUsd.toString(),
    lines: bill.lines.map((line) => ({
      service: line.service,
      dimension: line.dimension,
      phase: line.phase,
      label: labelOf(line.service, line.dimension, line.phase),
      quantity: line.quantity.toString(),
      unit: line.unit,
      usd: line.usd.toString(),
      usdPerMillion: million(line.usd),
      confidence: line.confidence,
      source: line.source,
      tiers: (book.price(line.service, line.dimension)?.tiers ?? []).map((tier) => ({
        upTo: tier.upTo?.toString() ?? null,
        usd: tier.usd.toString(),
      })),
    })),
    unpriced: bill.unpriced.map(({ service, dimension, quantity, unit }) => ({
      service,
      dimension,
      quantity: quantity.toString(),
      unit,
    })),
  }
}

/** The same mix of usage at a monthly volume, through the tiers. */
export function monthlyBill(
  used: readonly Used[],
  book: PriceBook,
  volume: { requests: number; monthly: number },
): BillReport {
  return billReport(billOf(scaled(used, volume.requests, volume.monthly), book), book, volume.monthly)
}

/** Who caused which usage. */
export class Costs {
  readonly #book: PriceBook
  readonly #byTrace = new Map<string, UsageRecord[]>()
  readonly #all: readonly UsageRecord[]
  /** Requests of one kind use the same quantities: each mix is priced once. */
  readonly #byMix = new Map<string, Decimal>()

  constructor(usage: readonly UsageRecord[], book: PriceBook) {
    this.#book = book
    this.#all = usage
    for (const record of usage) {
      if (record.traceId === undefined) continue
      const known = this.#byTrace.get(record.traceId)
      if (known === undefined) this.#byTrace.set(record.traceId, [record])
      else known.push(record)
    }
  }

  whole(): Bill {
    return billOf(usedOf(this.#all), this.#book)
  }

  /** What one request cost by its own usage; undefined when none carried its trace. */
  ofTrace(traceId: string | undefined): Decimal | undefined {
    const records = traceId === undefined ? undefined : this.#byTrace.get(traceId)
    if (records === undefined) return undefined
    const mix = records
      .map((r) => `${r.service}/${r.dimension} ${r.quantity} ${r.unit} ${r.tags?.['phase'] ?? ''}`)
      .join('\n')
    const known = this.#byMix.get(mix) ?? billOf(usedOf(records), this.#book).totalUsd
    this.#byMix.set(mix, known)
    return known
  }

  /** What one resource took part of in a trace, for the cost of a span. */
  ofResource(traceId: string, service: string, resource: string): Decimal | undefined {
    const own = this.#byTrace
      .get(traceId)
      ?.filter(
        (record) =>
          serviceOf(record.service) === service && resource !== '' && named(record.resource, resource),
      )
    return own === undefined || own.length === 0 ? undefined : billOf(usedOf(own), this.#book).totalUsd
  }

  /** What usage outside these traces costs: to be shared by all requests. */
  outside(traceIds: ReadonlySet<string>): Decimal {
    const rest = this.#all.filter((record) => record.traceId === undefined || !traceIds.has(record.traceId))
    return billOf(usedOf(rest), this.#book).totalUsd
  }
}

/** The price list splits API Gateway in three; spans know one. */
const serviceOf = (service: string): string => (service.startsWith('apiGateway') ? 'apigateway' : service)
const named = (a: string, b: string): boolean => a === b || a.endsWith(`:${b}`) || b.endsWith(`:${a}`)
