/** An itemised bill in a terminal: every line with quantity, unit and price, per million, and the free tier apart. */
import { formatCount, formatUsd, formatUsdPerMillion } from '#lab/figures.ts'
import type { BillReport } from '#lab/report.ts'
import { painter, type RenderOptions } from '#cli/render/palette.ts'
import { columnsOf, table, wrapped } from '#cli/render/table.ts'

export interface BillOptions extends RenderOptions {
  /** Of what, such as `this flight` or `12,000,000 requests a month`. */
  readonly title: string
}

export function renderBill(bill: BillReport, options: BillOptions): string {
  const paint = painter(options.color)
  const width = options.width - 2
  const figures = columnsOf(bill.lines, [
    ['quantity', 0, (line) => quantityOf(line.quantity)],
    ['$', 0, (line) => formatUsd(line.usd), 'money'],
    ['$/million', 2, (line) => (line.usdPerMillion === null ? '-' : formatUsdPerMillion(line.usdPerMillion))],
  ])
  const text = (title: string, leaves: number, cells: string[]) => ({
    title,
    align: 'left' as const,
    cells,
    leaves,
  })
  const columns = [
    text(
      '',
      0,
      bill.lines.map((line) => line.label),
    ),
    ...figures.slice(0, 1),
    text(
      'unit',
      1,
      bill.lines.map((line) => line.unit),
    ),
    ...figures.slice(1),
    text(
      'price is',
      3,
      bill.lines.map((line) => (line.confidence === 'high' ? 'sure' : `${line.confidence} confidence`)),
    ),
  ]
  const million =
    bill.usdPerMillion === null
      ? ''
      : `, $${formatUsdPerMillion(bill.usdPerMillion)} per million of its ${counted(bill.requests)}`
  const unpriced = bill.unpriced.map(
    (used) => `${formatCount(Number(used.quantity))} ${used.unit} of ${used.service}/${used.dimension}`,
  )
  return [
    ...wrapped(`${options.title}: ${formatUsd(bill.totalUsd)}${million}`, width).map((line) =>
      paint('strong', line),
    ),
    '',
    ...(bill.lines.length === 0 ? ['nothing was billed'] : table(columns, width, paint)),
    '',
    ...wrapped(
      `prices of ${bill.region}, without the free tier; if nothing else in the account used it, it would take off ${formatUsd(bill.freeTierUsd)}`,
      width,
    ),
    ...(unpriced.length === 0
      ? []
      : wrapped(`not in the price book, so not in the sum: ${unpriced.join(', ')}`, width, '  ')),
  ]
    .map((line) => (line === '' ? line : `  ${line}`))
    .join('\n')
}

/** `1 request`, `1,234 requests`. */
export const counted = (requests: number): string =>
  `${formatCount(requests)} request${requests === 1 ? '' : 's'}`

/** Decimals shown of a quantity: enough for the bytes of one small answer in GB. */
const DECIMALS_MAX = 12

/** Whole numbers with separators, fractions to six significant digits, never with an exponent. */
function quantityOf(quantity: string): string {
  const value = Number(quantity)
  if (Number.isInteger(value)) return formatCount(value)
  return Number(value.toPrecision(6)).toFixed(DECIMALS_MAX).replace(/0+$/, '')
}
