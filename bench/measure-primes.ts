/**
 * The experiment of Part 2 of AWS's series "Operating Lambda: Performance optimization": a function that computes all
 * primes up to 1,000,000, at four memory sizes. Each run repeats the computation until it is worth at least 1 s of CPU,
 * so that the first period of the CPU share does not count; a thousand runs are scaled down to a few.
 */
import { billOf, usedOf } from '#engines/pricing/bill.ts'
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import { type Figure, type Row, type Settings, interleaved, median } from './figure.ts'
import { short } from './table.ts'
import { Driver, invocation, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'

interface Size {
  readonly memoryMb: number
  /** Source: AWS Compute Blog, Operating Lambda: Performance optimization, Part 2: duration of one, cost of 1,000. */
  readonly awsMs: number
  readonly awsUsd: string
}

const SIZES: readonly Size[] = [
  { memoryMb: 128, awsMs: 11_722.965, awsUsd: '0.024628' },
  { memoryMb: 256, awsMs: 6_678.945, awsUsd: '0.028035' },
  { memoryMb: 512, awsMs: 3_194.954, awsUsd: '0.026830' },
  { memoryMb: 1_024, awsMs: 1_465.984, awsUsd: '0.024638' },
]
const LARGEST = 1_024
const ONE_VCPU_MB = 1_769
/** A little above the 1 s from which the law is promised. */
const CPU_MS = 1_100

const PRIMES = {
  'index.js': `function primesUpTo(limit) {
  const primes = []
  for (let candidate = 2; candidate <= limit; candidate++) {
    let isPrime = true
    for (let divisor = 2; divisor * divisor <= candidate; divisor++) {
      if (candidate % divisor === 0) { isPrime = false; break }
    }
    if (isPrime) primes.push(candidate)
  }
  return primes.length
}
exports.handler = async ({ limit, times }) => {
  let found = 0
  for (let time = 0; time < times; time++) found = primesUpTo(limit)
  return { found }
}
`,
}

interface Run {
  readonly durationMs: number
  readonly billedMs: number
}

async function invoked(
  platform: PlatformUnderTest,
  driver: Driver,
  what: { name: string; limit: number; times: number },
): Promise<Run> {
  const body = JSON.stringify({ limit: what.limit, times: what.times })
  const call = invocation(what.name, body, { 'X-Amz-Log-Type': 'Tail' })
  const { port } = platform
  const { answers } = await driver.run({
    port,
    request: requestText(call, port),
    connections: 1,
    most: 1,
    keepAnswers: true,
  })
  const tail = /x-amz-log-result: *(\S+)/i.exec(answers[0] ?? '')?.[1] ?? ''
  const report = Buffer.from(tail, 'base64').toString()
  const number = (pattern: RegExp): number => Number(pattern.exec(report)?.[1] ?? Number.NaN)
  const run = { durationMs: number(/\tDuration: ([\d.]+) ms/), billedMs: number(/Billed Duration: (\d+) ms/) }
  if (!(run.durationMs > 0)) throw new Error(`no REPORT in the log's tail: ${report}`)
  return run
}

/** USD of 1,000 such runs, requests included, without the free tier. */
function usdOfThousand(memoryMb: number, billedMs: number): string {
  const mbMs = Math.round(1_000 * memoryMb * billedMs)
  const used = usedOf([
    { service: 'lambda', dimension: 'requests', quantity: 1_000, unit: 'count' },
    { service: 'lambda', dimension: 'durationX86', quantity: mbMs, unit: 'mb-ms' },
  ])
  return Number(billOf(used, usEast1Prices).totalUsd.toString()).toFixed(6)
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  const driver = new Driver()
  const limit = settings.quick ? 100_000 : 1_000_000
  const run = async (memoryMb: number, times: number): Promise<Run> =>
    await invoked(platform, driver, { name: `primes-${memoryMb}`, limit, times })
  try {
    for (const memoryMb of [...SIZES.map((size) => size.memoryMb), ONE_VCPU_MB])
      await platform.deploy({
        name: `primes-${memoryMb}`,
        runtime: 'nodejs24.x',
        memoryMb,
        timeoutSeconds: 120,
        files: PRIMES,
      })
    await run(ONE_VCPU_MB, 1)
    const once = Math.min((await run(ONE_VCPU_MB, 1)).durationMs, (await run(ONE_VCPU_MB, 1)).durationMs)
    const times = settings.quick ? 1 : Math.ceil(CPU_MS / once)
    settings.step(`${times} computations of ${Math.round(once)} ms a run`)
    await Promise.all(SIZES.map(({ memoryMb }) => run(memoryMb, 1)))
    const runs = await interleaved(
      settings.quick ? 1 : 3,
      SIZES.map(
        ({ memoryMb }) =>
          async () =>
            await run(memoryMb, times),
      ),
    )
    return SIZES.map((size, index) =>
      rowOf(size, runs[index] ?? [], { largest: runs.at(-1) ?? [], times, modes: platform.modes }),
    )
  } finally {
    await Promise.all([driver.end(), platform.stop()])
  }
}

function rowOf(
  size: Size,
  runs: readonly Run[],
  of: { largest: readonly Run[]; times: number; modes: string },
): Row {
  const law = LARGEST / size.memoryMb
  const ours = runs.map((run, round) => run.durationMs / (of.largest[round]?.durationMs ?? Number.NaN))
  const awsLargest = SIZES.at(-1)?.awsMs ?? Number.NaN
  const billed = median(runs.map((run) => run.billedMs)) / of.times
  return {
    figure: `primes at ${size.memoryMb} MB, duration over ${LARGEST} MB`,
    unit: 'x',
    ours,
    beside: { kind: 'law', name: `law (AWS's own ${(size.awsMs / awsLargest).toFixed(2)})`, values: [law] },
    target: { relation: 'ratio', atLeast: 0.9, atMost: 1.1 },
    note:
      `${short(median(runs.map((run) => run.durationMs)))} ms for ${of.times} computations; 1,000 runs of one cost ` +
      `$${usdOfThousand(size.memoryMb, billed)} here, $${size.awsUsd} in AWS's table of 2021, billed by 1 ms; CPU ${of.modes}`,
  }
}

export const primes: Figure = { name: 'primes', measure }
