import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Billable,
  billOf,
  costOf,
  perMillion,
  scaled,
  type UsageUnit,
  usedOf,
} from '#engines/pricing/bill.ts'
import { Decimal } from '#engines/pricing/decimal.ts'
import { usEast1Prices as book } from '#engines/pricing/price-book.ts'

const used = (name: string, quantity: number, unit: UsageUnit, phase?: string): Billable => {
  const [service = '', dimension = ''] = name.split('/')
  return { service, dimension, quantity, unit, ...(phase === undefined ? {} : { tags: { phase } }) }
}
const bill = (...records: Billable[]): ReturnType<typeof billOf> => billOf(usedOf(records), book)

test('Decimal adds, multiplies and prints without losing a digit', () => {
  assert.equal(Decimal.of('0.1').plus(Decimal.of('0.2')).toString(), '0.3')
  assert.equal(Decimal.of(2e-7).times(Decimal.of(3)).toString(), '0.0000006')
  assert.equal(Decimal.of('-1.50').minus(Decimal.of('0.5')).toString(), '-2')
  assert.equal(Decimal.of('1e3').toString(), '1000')
  assert.equal(Decimal.of(1).overExactly(1_024_000n).toString(), '0.0000009765625')
  assert.throws(() => Decimal.of(1).overExactly(3n))
})

test('Decimal.over() rounds half to even, also below zero', () => {
  assert.equal(Decimal.of('0.125').rounded(2).toString(), '0.12')
  assert.equal(Decimal.of('0.375').rounded(2).toString(), '0.38')
  assert.equal(Decimal.of('-0.375').rounded(2).toString(), '-0.38')
  assert.equal(Decimal.of(1).over(Decimal.of(3), 5).toString(), '0.33333')
  assert.equal(Decimal.of(2).over(Decimal.of('0.3'), 3).toString(), '6.667')
})

test('billOf() gives the figures of the AWS Lambda pricing page for 3 million requests of 120 ms at 1,536 MB', () => {
  const total = bill(
    used('lambda/requests', 3_000_000, 'count'),
    used('lambda/durationX86', 3_000_000 * 120 * 1_536, 'mb-ms'),
  )
  assert.equal(total.totalUsd.toString(), '9.600018')
  assert.deepEqual(
    total.lines.map((line) => [line.dimension, line.quantity.toString(), line.usd.toString()]),
    [
      ['durationX86', '540000', '9.000018'],
      ['requests', '3000000', '0.6'],
    ],
  )
  // 400,000 GB-seconds at 0.0000166667 and a million requests.
  assert.equal(total.freeTierUsd.toString(), '6.86668')
})

test('billOf() runs quantities through the tiers exactly', () => {
  assert.equal(bill(used('apiGatewayHttp/requests', 300_000_001, 'count')).totalUsd.toString(), '300.0000009')
  assert.equal(
    bill(used('cloudwatch/lambdaLogsIngestStandard', 60 * 2 ** 40, 'bytes')).totalUsd.toString(),
    '12800',
  )
})

test('billOf() shows a tagged part apart and its parts add up to the whole', () => {
  const whole = bill(used('lambda/durationX86', 7_000_000, 'mb-ms'))
  const parts = bill(
    used('lambda/durationX86', 2_000_000, 'mb-ms', 'init'),
    used('lambda/durationX86', 5_000_000, 'mb-ms'),
  )
  assert.equal(parts.totalUsd.toString(), whole.totalUsd.toString())
  assert.deepEqual(
    parts.lines.map((line) => line.phase),
    ['', 'init'],
  )
})

test('billOf() shares one free quantity between the architectures', () => {
  const both = bill(
    used('lambda/durationArm', 400_000 * 1_024_000, 'mb-ms'),
    used('lambda/durationX86', 400_000 * 1_024_000, 'mb-ms'),
  )
  assert.equal(both.freeTierUsd.toString(), Decimal.of(400_000).times(Decimal.of('0.0000133334')).toString())
})

test('billOf() names what has no price, and what is counted in a unit that does not fit', () => {
  const odd = bill(used('lambda/wishes', 3, 'count'), used('lambda/requests', 3, 'bytes'))
  assert.deepEqual(
    odd.unpriced.map((sum) => sum.dimension),
    ['requests', 'wishes'],
  )
  assert.equal(odd.totalUsd.toString(), '0')
})

test('billOf() does not depend on how usage is split into records or ordered', () => {
  const quantities = fc.array(fc.nat(1_000_000_000), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(quantities, fc.nat(), (parts, turn) => {
      const records = parts.map((part) => used('apiGatewayRest/requests', part, 'count'))
      const sum = parts.reduce((a, b) => a + b)
      const turned = [...records.slice(turn % records.length), ...records.slice(0, turn % records.length)]
      const one = bill(used('apiGatewayRest/requests', sum, 'count')).totalUsd.toString()
      assert.equal(bill(...records).totalUsd.toString(), one)
      assert.equal(bill(...turned).totalUsd.toString(), one)
    }),
  )
})

test('costOf() of every row grows with the quantity and starts at the first rate', () => {
  assert.ok(book.rows.length > 90, `${book.rows.length} rows`)
  for (const { service, dimension, price } of book.rows) {
    assert.ok(price.source !== '' && price.confidence !== '', `${service}/${dimension} names its source`)
    assert.equal(costOf(Decimal.of(1), price).toString(), price.tiers[0]?.usd.toString())
    const edges = price.tiers.flatMap((tier) => (tier.upTo === undefined ? [] : [tier.upTo]))
    let last = Decimal.ZERO
    for (const edge of [...edges, Decimal.of(1e15)]) {
      const cost = costOf(edge, price)
      assert.ok(cost.compare(last) >= 0)
      last = cost
    }
  }
})

test('perMillion() and scaled() extrapolate, scaled() through the tiers', () => {
  const sums = usedOf([used('apiGatewayHttp/requests', 402, 'count')])
  assert.equal(perMillion(billOf(sums, book).totalUsd, 402).toString(), '1')
  assert.equal(billOf(scaled(sums, 402, 400_000_000), book).totalUsd.toString(), '390')
})
