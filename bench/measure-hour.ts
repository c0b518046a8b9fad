/**
 * An hour's invokes in minutes: whether the server's memory still grows when there is nothing new to remember. The
 * first slice fills caches and telemetry's buffers; the last one is held against it.
 */
import { NODE_HELLO } from './code.ts'
import { type Figure, type Row, type Settings } from './figure.ts'
import { Driver, invocation, requestText } from './load.ts'
import { PlatformUnderTest, pssMb } from './platform.ts'

const SLICES = 4

async function measure(settings: Settings): Promise<readonly Row[]> {
  const sliceMs = settings.quick ? 500 : 30_000
  const platform = await PlatformUnderTest.start(settings)
  const driver = new Driver()
  try {
    await platform.deploy({ name: 'hello', runtime: 'nodejs24.x', memoryMb: 1_769, files: NODE_HELLO })
    const { port, pid } = platform
    const request = requestText(invocation('hello'), port)
    const memoryMb: number[] = []
    let count = 0
    for (let slice = 0; slice < SLICES; slice++) {
      settings.step(`slice ${slice + 1} of ${SLICES}`)
      count += (await driver.run({ port, request, connections: 8, ms: sliceMs })).count
      memoryMb.push(pssMb(pid))
    }
    const [first = Number.NaN] = memoryMb
    const last = memoryMb.at(-1) ?? Number.NaN
    return [
      {
        figure: `server's memory after ${count.toLocaleString('en-US')} invokes`,
        unit: 'MB',
        ours: [last],
        beside: { kind: 'floor', name: 'after the first quarter', values: [first] },
        target: { relation: 'ratio', atMost: 1.15 },
        note: `after each quarter: ${memoryMb.map((mb) => mb.toFixed(0)).join(', ')} MB`,
      },
    ]
  } finally {
    await Promise.all([driver.end(), platform.stop()])
  }
}

export const hour: Figure = { name: 'hour', measure }
