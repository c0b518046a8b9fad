/**
 * Cold starts of hello worlds in Node.js and Python through the Invoke API, over the sum of what cannot be avoided: the
 * bare interpreter (`node -e 0`, `python3 -c 0`) and the same sandbox with `true` in it.
 */
import { execFileSync, spawn } from 'node:child_process'
import { join } from 'node:path'
import { numberAt } from '#base/json.ts'
import { Child } from './child.ts'
import { NODE_HELLO, PYTHON_HELLO } from './code.ts'
import { type Figure, type Row, type Settings, interleaved, median } from './figure.ts'
import { Driver, invocation, requestText } from './load.ts'
import { PlatformUnderTest } from './platform.ts'

interface Language {
  readonly name: string
  readonly runtime: string
  readonly files: Readonly<Record<string, string>>
  readonly bare: readonly [program: string, ...args: string[]]
}

/** Not the shell script that version managers put on the PATH before it: that costs more than Python does. */
function pythonItself(): string {
  try {
    return execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim()
  } catch {
    return 'python3' // there is none: the row says so when it is measured
  }
}

const LANGUAGES: readonly Language[] = [
  { name: 'node', runtime: 'nodejs24.x', files: NODE_HELLO, bare: [process.execPath, '-e', '0'] },
  { name: 'python', runtime: 'python3.11', files: PYTHON_HELLO, bare: [pythonItself(), '-c', '0'] },
]

/** Starts a round: one alone is at the mercy of whatever the machine does in its 30 ms. */
const STARTS = 6

function untilExit([program, ...args]: Language['bare']): Promise<number> {
  return new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(program, args, { stdio: 'ignore' })
    child.once('error', reject)
    child.once('exit', (code) =>
      code === 0 ? resolve(performance.now() - started) : reject(new Error(`${program} ended with ${code}`)),
    )
  })
}

async function several(starts: number, one: () => Promise<number>): Promise<number> {
  const values: number[] = []
  for (let start = 0; start < starts; start++) values.push(await one())
  return median(values)
}

async function measure(settings: Settings): Promise<readonly Row[]> {
  const platform = await PlatformUnderTest.start(settings)
  const bare = new Child('bare.ts', [join(settings.scratch, 'bare-cold'), settings.cacheFolder])
  const driver = new Driver()
  try {
    const rows: Row[] = []
    for (const language of LANGUAGES)
      rows.push(await ofLanguage(settings, language, { platform, bare, driver }))
    return rows
  } finally {
    await Promise.all([driver.end(), bare.end(), platform.stop()])
  }
}

interface Among {
  readonly platform: PlatformUnderTest
  readonly bare: Child
  readonly driver: Driver
}

async function ofLanguage(settings: Settings, language: Language, among: Among): Promise<Row> {
  const { platform, bare, driver } = among
  const [rounds, starts] = settings.quick ? [1, 2] : [6, STARTS]
  settings.step(language.name)
  const names = Array.from({ length: (rounds + 1) * starts }, (_, index) => `${language.name}-${index}`)
  for (const name of names)
    await platform.deploy({ name, runtime: language.runtime, memoryMb: 1_769, files: language.files })
  const sandbox = async (): Promise<number> =>
    numberAt(await bare.ask({ what: 'sandbox' }), 'ms') ?? Number.NaN
  const contenders = [
    async () =>
      await several(starts, async () => {
        const request = requestText(invocation(names.pop() ?? ''), platform.port)
        return (await driver.run({ port: platform.port, request, connections: 1, most: 1 })).p50Ms
      }),
    async () => (await several(starts, sandbox)) + (await several(starts, () => untilExit(language.bare))),
  ]
  await interleaved(1, contenders)
  const [ours = [], floors = []] = await interleaved(rounds, contenders)
  const [program, ...args] = language.bare
  return {
    figure: `cold start, ${language.name} hello`,
    unit: 'ms',
    ours,
    beside: {
      kind: 'floor',
      name: `${program.split('/').at(-1) ?? ''} ${args.join(' ')} + sandbox`,
      values: floors,
    },
    target: { relation: 'ratio', atMost: 1.25 },
  }
}

export const cold: Figure = { name: 'cold', measure }
