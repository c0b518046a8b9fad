/** `windtunnel bill`: what AWS would charge for what a platform recorded, line by line, from its usage records. */
import { instant, later } from '#base/time.ts'
import { type Parsed, UsageError } from '#cli/arguments.ts'
import { clientOf } from '#cli/client.ts'
import { parseDuration } from '#cli/clock.ts'
import { type Command, EXIT } from '#cli/command.ts'
import { platformNow, recordedSince } from '#cli/recorded.ts'
import { counted, renderBill } from '#cli/render/bill.ts'
import type { Terminal } from '#cli/terminal.ts'
import { usedOf } from '#engines/pricing/bill.ts'
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import { Costs, billReport, monthlyBill } from '#lab/flight-bill.ts'

/** Requests that a per-million figure divides by: what a user's traffic was, gateway or direct invokes. */
const REQUEST_DIMENSIONS = new Set(['apiGatewayHttp/requests', 'apiGatewayRest/requests'])

async function run(parsed: Parsed, terminal: Terminal): Promise<number> {
  const since = parsed.value('since')
  const sinceMs = since === undefined ? undefined : parseDuration(since)
  if (since !== undefined && sinceMs === undefined)
    throw new UsageError(`"${since}" is no duration.`, '--since', 'For example: --since 1h')
  const monthly = parsed.integer('monthly', 1)
  const client = clientOf(parsed)
  const from = sinceMs === undefined ? instant(0) : later(await platformNow(client), -sinceMs)
  const { usage } = await recordedSince(client, { spans: from, usage: from, usageBefore: 0 }, 0)
  const count = (wanted: (dimension: string) => boolean): number =>
    usage
      .filter((record) => wanted(`${record.service}/${record.dimension}`))
      .reduce((sum, record) => sum + record.quantity, 0)
  const requests =
    count((dimension) => REQUEST_DIMENSIONS.has(dimension)) ||
    count((dimension) => dimension === 'lambda/requests')
  const costs = new Costs(usage, usEast1Prices)
  if (monthly !== undefined && requests === 0)
    throw new UsageError(
      'Nothing was requested yet, so there is nothing to scale.',
      '--monthly',
      'Send some load first: windtunnel load flight.yaml',
    )
  const bill =
    monthly === undefined
      ? billReport(costs.whole(), usEast1Prices, requests)
      : monthlyBill(usedOf(usage), usEast1Prices, { requests, monthly })
  if (terminal.json) terminal.out(JSON.stringify(bill))
  else
    terminal.out(
      renderBill(bill, {
        width: terminal.width,
        color: terminal.color,
        title:
          monthly === undefined ? `what was recorded, ${counted(requests)}` : `${counted(monthly)} a month`,
      }),
    )
  return EXIT.ok
}

export const bill: Command = {
  name: 'bill',
  summary: 'What AWS would charge for what a platform recorded.',
  usage: 'bill [--since DURATION] [--monthly REQUESTS]',
  example: 'windtunnel bill --since 1h --monthly 30000000',
  options: [
    {
      name: 'since',
      value: 'DURATION',
      sentence: 'Only what was used in the last DURATION (default: everything recorded).',
    },
    {
      name: 'monthly',
      value: 'REQUESTS',
      sentence: 'The same mix at so many requests a month, through the price tiers.',
    },
  ],
  words: { min: 0, max: 0 },
  run,
}
