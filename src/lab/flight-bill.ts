/**
 * The flight's bill: the whole, per million requests, per route and per request. Usage that carries a trace belongs
 * to its request, that of a batch in equal parts to the requests that it links to; usage without one (logs, or polls
 * that found nothing) is shared evenly by all requests.
 */
import type { Span } from '#ports/spans.ts'
import type { UsageRecord } from '#ports/usage.ts'
import { type Bill, billOf, perMillion, type Used, usedOf, scaled } from '#engines/pricing/bill.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import type { PriceBook } from '#engines/pricing/price-book.ts'
import type { BillReport } from '#lab/report.ts'

const LABELS: Readonly<Record<string, string>> = {
  'lambda/requests': 'Lambda requests',
  'lambda/durationX86': 'GB-seconds',
  'lambda/durationArm': 'GB-seconds (Arm)',
  'lambda/durationX86/init': 'init',
  'lambda/durationArm/init': 'init (Arm)',
  'lambda/provisionedConcurrencyX86': 'provisioned concurrency',
  'lambda/provisionedConcurrencyArm': 'provisioned concurrency (Arm)',
  'lambda/provisionedDurationX86': 'provisioned GB-seconds',
  'lambda/provisionedDurationArm': 'provisioned GB-seconds (Arm)',
  'lambda/ephemeralStorage': '/tmp above 512 MB',
  'lambda/responseStreaming': 'streamed responses',
  'apiGatewayHttp/requests': 'HTTP API',
  'apiGatewayRest/requests': 'REST API',
  'cloudwatch/lambdaLogsIngestStandard': 'logs',
  'cloudwatch/logsIngestStandard': 'logs',
  'dataTransfer/internetOut': 'data out',
  'sqs/standardRequests': 'SQS requests',
  'sqs/fifoRequests': 'SQS FIFO requests',
  'sqs/fairQueueSurcharge': 'SQS fair queues',
  'sns/standardPublish': 'SNS publishes',
  'sns/fifoPublish': 'SNS FIFO publishes',
  'sns/fifoDelivery': 'SNS FIFO deliveries',
  'sns/payloadFilterScan': 'SNS payload filters',
  'eventbridge/customEvents': 'EventBridge events',
  'eventbridge/apiDestinations': 'API destinations',
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

/** Digits of a part of a batch's cost. */
const PART_DIGITS = 18

/** Who caused which usage. */
export class Costs {
  readonly #book: PriceBook
  readonly #byTrace = new Map<string, UsageRecord[]>()
  readonly #all: readonly UsageRecord[]
  /** Requests of one kind use the same quantities: each mix is priced once. */
  readonly #byMix = new Map<string, Decimal>()
  /** By trace: the traces of batches that went on from it, with its links there. */
  readonly #batches = new Map<string, Map<string, number>>()
  /** By the trace of a batch: all links. */
  readonly #links = new Map<string, number>()

  constructor(usage: readonly UsageRecord[], book: PriceBook, spans: readonly Span[] = []) {
    this.#book = book
    this.#all = usage
    for (const span of spans) this.#addLinks(span)
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

  #addLinks({ traceId: batch, links }: Span): void {
    for (const { traceId } of links ?? []) {
      if (traceId === batch) continue
      const batches = this.#batches.get(traceId) ?? new Map<string, number>()
      this.#batches.set(traceId, batches.set(batch, (batches.get(batch) ?? 0) + 1))
      this.#links.set(batch, (this.#links.get(batch) ?? 0) + 1)
    }
  }

  /** What one request cost, its parts of batches too; undefined when no usage carried its trace. */
  ofTrace(traceId: string | undefined): Decimal | undefined {
    return traceId === undefined ? undefined : this.#withBatches(traceId, new Set())
  }

  #withBatches(traceId: string, seen: Set<string>): Decimal | undefined {
    let usd = this.#own(traceId)
    seen.add(traceId)
    for (const batch of this.#batches.get(traceId)?.keys() ?? []) {
      const whole = seen.has(batch) ? undefined : this.#withBatches(batch, seen)
      if (whole !== undefined) usd = (usd ?? Decimal.ZERO).plus(this.#part(whole, batch, traceId))
    }
    seen.delete(traceId)
    return usd
  }

  #own(traceId: string): Decimal | undefined {
    const records = this.#byTrace.get(traceId)
    if (records === undefined) return undefined
    const mix = records
      .map((r) => `${r.service}/${r.dimension} ${r.quantity} ${r.unit} ${r.tags?.['phase'] ?? ''}`)
      .join('\n')
    const known = this.#byMix.get(mix) ?? billOf(usedOf(records), this.#book).totalUsd
    this.#byMix.set(mix, known)
    return known
  }

  /** What one resource cost in the trace of a span; `by` is the request that the cost is for: of a batch its part. */
  ofSpan({ traceId, service, resource = '' }: Span, by: string): Decimal | undefined {
    const own = this.#byTrace
      .get(traceId)
      ?.filter(
        (record) =>
          serviceOf(record.service) === service && resource !== '' && named(record.resource, resource),
      )
    if (own === undefined || own.length === 0) return undefined
    return this.#part(billOf(usedOf(own), this.#book).totalUsd, traceId, by)
  }

  /** Of what a batch cost, in proportion to its links to that trace. */
  #part(usd: Decimal, batch: string, by: string): Decimal {
    const links = this.#batches.get(by)?.get(batch)
    return links === undefined
      ? usd
      : usd.times(Decimal.of(links)).over(Decimal.of(this.#links.get(batch) ?? 1), PART_DIGITS)
  }

  /** What usage outside these traces and their batches costs: to be shared by all requests. */
  outside(traceIds: ReadonlySet<string>): Decimal {
    const inside = new Set(traceIds)
    // A set walks over what is added while it is walked: batches of batches too.
    for (const traceId of inside)
      for (const batch of this.#batches.get(traceId)?.keys() ?? []) inside.add(batch)
    const rest = this.#all.filter((record) => record.traceId === undefined || !inside.has(record.traceId))
    return billOf(usedOf(rest), this.#book).totalUsd
  }
}

/** The price list splits API Gateway in three; spans know one. */
const serviceOf = (service: string): string => (service.startsWith('apiGateway') ? 'apigateway' : service)
const named = (a: string, b: string): boolean => a === b || a.endsWith(`:${b}`) || b.endsWith(`:${a}`)
