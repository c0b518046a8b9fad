/**
 * The whole of `npm test`, in the order of speed: types, lint and format, then pure tests in one process, then tests
 * with real processes and sockets. Every step is bounded. Closes with one line `N passed, N failed, N skipped` over
 * all of them. Not here: the slow suites (`bin/slow.mjs`).
 *
 *   npm test                   everything
 *   npm test -- --list         what it would run
 */
import { existsSync, globSync } from 'node:fs'
import { type Counts, bounded, countsLine } from './bounded.ts'

interface Step {
  readonly name: string
  readonly command: readonly string[]
  readonly limitMs: number
  /** Whether it closes with counts of its own; else it counts as one test. */
  readonly hasCounts: boolean
}

const MINUTE_MS = 60_000
const node = process.execPath
/** Type stripping from inside a test is experimental, and every file would say so. */
const RUNNER = [node, '--disable-warning=ExperimentalWarning', 'tools/run-tests.ts']
const tool = (name: string): string => `node_modules/${name}/bin/${name}`
const FOLDERS = ['src', 'tools', 'test', 'bench', 'bin', 'runtimes'].filter((folder) => existsSync(folder))
const PURE = ['src/**/*.test.ts', 'tools/*.test.ts']
/** Continuous integration shares its cores: what fails beside others gets one run alone, and is named. */
const AGAIN = process.env['CI'] === undefined ? [] : ['--again']
const QUICK = ['--quick', ...AGAIN, 'test/**/*.test.ts']

const STEPS: readonly Step[] = [
  {
    name: 'types',
    command: [node, 'node_modules/typescript/bin/tsc', '-p', '.'],
    limitMs: 3 * MINUTE_MS,
    hasCounts: false,
  },
  { name: 'lint', command: [node, tool('oxlint'), ...FOLDERS], limitMs: 3 * MINUTE_MS, hasCounts: false },
  {
    name: 'format',
    command: [node, tool('oxfmt'), '--check', ...FOLDERS],
    limitMs: MINUTE_MS,
    hasCounts: false,
  },
  {
    name: 'pure tests',
    command: [...RUNNER, '--shared', ...PURE],
    limitMs: 3 * MINUTE_MS,
    hasCounts: true,
  },
  {
    name: 'tests with processes and sockets',
    command: [...RUNNER, ...QUICK],
    limitMs: 10 * MINUTE_MS,
    hasCounts: true,
  },
]

const total: Counts = { passed: 0, failed: 0, skipped: 0 }

async function take(step: Step): Promise<void> {
  const begun = performance.now()
  console.log(`${step.name} ...`)
  const ending = await bounded(step.command, step.limitMs, (line) => console.log(line))
  const isGreen = ending.code === 0 && (ending.counts !== undefined) === step.hasCounts
  const found = ending.counts ?? { passed: isGreen ? 1 : 0, failed: 0, skipped: 0 }
  total.passed += found.passed
  total.skipped += found.skipped
  total.failed += isGreen ? found.failed : Math.max(1, found.failed)
  const why = isGreen ? 'ok' : `FAILED (${ending.trouble ?? `code ${ending.code}`})`
  const counted = ending.counts === undefined ? '' : `  ${countsLine(ending.counts)}`
  console.log(`${step.name} ${why} in ${((performance.now() - begun) / 1_000).toFixed(1)} s${counted}`)
}

function list(): void {
  for (const { name, command } of STEPS.filter(({ hasCounts }) => !hasCounts))
    console.log(`${name}  ${command.slice(1).join(' ')}`)
  for (const file of globSync([...PURE, 'test/**/*.test.ts']).sort())
    if (!file.endsWith('.slow.test.ts')) console.log(file)
}

const given = process.argv.slice(2)
if (given.length === 1 && given[0] === '--list') list()
else if (given.length > 0) {
  console.error(`error  npm test takes no ${given.join(' ')}`)
  console.error('  in   tools/check.ts')
  console.error('  next One file: node tools/run-tests.ts src/base/arn.test.ts')
  process.exitCode = 2
} else {
  for (const step of STEPS) await take(step)
  console.log(countsLine(total))
  process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
}
