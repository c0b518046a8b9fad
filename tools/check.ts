/**
 * The whole of `npm test`, in the order of speed: types and lint, then pure tests in one process, then tests with
 * real processes and sockets. Ends with one line `N passed, N failed, N skipped` over all of them.
 */
import { spawnSync } from 'node:child_process'

interface Step {
  readonly name: string
  readonly command: readonly string[]
  /** Counts as one test when it prints no counts of its own. */
  readonly counts: boolean
}

const node = process.execPath
const bin = (name: string): string => `node_modules/.bin/${name}`
const STEPS: readonly Step[] = [
  { name: 'types', command: [bin('tsc'), '-p', '.'], counts: false },
  { name: 'lint', command: [bin('oxlint'), 'src', 'tools', 'test', 'bench'], counts: false },
  { name: 'format', command: [bin('oxfmt'), '--check', 'src', 'tools', 'test', 'bench'], counts: false },
  {
    name: 'pure tests',
    command: [node, 'tools/run-tests.ts', '--shared', 'src/**/*.test.ts', 'tools/*.test.ts'],
    counts: true,
  },
  {
    name: 'tests with processes and sockets',
    command: [node, 'tools/run-tests.ts', 'test/**/*.test.ts', '!slow'],
    counts: true,
  },
]

const total = { passed: 0, failed: 0, skipped: 0 }
for (const step of STEPS) {
  const started = Date.now()
  process.stderr.write(`${step.name} ...\n`)
  const [program = '', ...args] = step.command
  const run = spawnSync(program, args, {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const counts = /(\d+) passed, (\d+) failed, (\d+) skipped/.exec(run.stdout)
  if (step.counts && counts !== null) {
    total.passed += Number(counts[1])
    total.failed += Number(counts[2])
    total.skipped += Number(counts[3])
    if (run.status !== 0 && counts[2] === '0') total.failed++
  } else if (run.status === 0) total.passed++
  else total.failed++
  if (run.status !== 0 || step.counts) process.stdout.write(run.stdout)
  process.stderr.write(
    `${step.name} ${run.status === 0 ? 'ok' : 'FAILED'} in ${((Date.now() - started) / 1000).toFixed(1)} s\n`,
  )
}
console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0
