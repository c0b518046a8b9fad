/**
 * Runs test files with node:test and closes with `N passed, N failed, N skipped`. Each file has a process of its own,
 * two at a time; `--shared` runs all in this one (pure tests). Nothing may look green that was not run: a pattern or a
 * file without tests, a test that ends the process, a rejection after the last test, a timer left open all fail, and
 * every run is bounded (`--limit=SECONDS` a file, or the whole of a shared run).
 *
 *   node tools/run-tests.ts [--shared] [--verbose] [--list] [--limit=120] [--quick | --slow] PATTERN...
 */
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { type Counts, bounded, countsLine } from './bounded.ts'

const { values: given, positionals: patterns } = parseArgs({
  allowPositionals: true,
  options: {
    shared: { type: 'boolean', default: false },
    verbose: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
    limit: { type: 'string', default: '120' },
    quick: { type: 'boolean', default: false },
    slow: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false }, // a red file once more, alone: says UNSTABLE when it is green then
    part: { type: 'boolean', default: false }, // one file of a larger run, which looks whether anything passed
  },
})
// What the bootstrap left is not for the processes that tests start: its descriptor is not theirs.
delete process.env['WINDTUNNEL_PARENT_PIPE']
delete process.env['WINDTUNNEL_STARTED_BY']

const limitMs = Number(given.limit) * 1_000
/** Nothing runs for so long, but the process does not end: something was left open. */
const IDLE_MS = 10_000
const FILES_AT_ONCE = 2
/** A test that hangs is named by its own timeout, so long before the file's. */
const TELL_MS = 2_000
/** A file whose thread is blocked cannot end itself in time; it is killed. */
const GRACE_MS = 1_000

const counts: Counts = { passed: 0, failed: 0, skipped: 0 }

function failed(what: string, why: string): void {
  counts.failed++
  console.log(`FAILED   ${what}\n         ${why}`)
}

/** Files that only the slow run takes by their name, and those that do more in it, by what they read. */
const isSlow = (file: string): boolean => file.endsWith('.slow.test.ts')
const doesMoreInSlow = (file: string): boolean =>
  /env(\.|\[')(SLOW|CRASH_ROUNDS|PLATFORM_ROUNDS)\b/.test(readFileSync(file, 'utf8'))

/** Files of the patterns, each once. A pattern without a file is a mistake, not an empty success. */
function testFiles(): string[] {
  const found = patterns.map((pattern) => {
    const files = globSync(pattern).filter(
      (file) => !(given.quick && isSlow(file)) && (!given.slow || isSlow(file) || doesMoreInSlow(file)),
    )
    if (files.length === 0) failed(pattern, 'no test file matches it')
    return files
  })
  return [...new Set(found.flat())].sort()
}

/** The files in this process. The exit hook speaks also when a test ends the process. */
async function shared(files: readonly string[]): Promise<void> {
  let finished = false
  let running = 0
  let quietSince: number | undefined
  let last = files.join(' ')
  process.on('exit', () => {
    if (!finished) failed(last, 'the run ended before its summary: a test ended the process')
    close()
  })
  const watch = setInterval(() => {
    if (running > 0 || quietSince === undefined || performance.now() - quietSince < IDLE_MS) return
    finished = true
    const open = [...new Set(process.getActiveResourcesInfo())].join(', ')
    failed(`after ${last}`, `all tests have ended, but something is left open: ${open}`)
    process.exit(1)
  }, 500)
  watch.unref()
  setTimeout(() => {
    finished = true
    failed(last, `it took longer than ${given.limit} s`)
    process.exit(1)
  }, limitMs).unref()
  if (given.part) endWithParent()
  const stream = run({
    files: files.map((file) => resolve(file)),
    isolation: 'none',
    timeout: limitMs - TELL_MS,
  })
  stream.on('test:dequeue', (test) => {
    running++
    last = `${test.name} (${test.file ?? ''})`
  })
  stream.on('test:complete', () => {
    running--
    quietSince = performance.now()
  })
  stream.on('test:pass', (test) => {
    // node:test lets a file without tests pass as a test of its own name
    if (test.name === test.file) failed(test.file, 'it holds no test')
    else if (test.skip !== undefined || test.todo !== undefined) {
      skip(test.name, test.skip ?? test.todo)
    } else if (test.details.type !== 'suite') {
      counts.passed++
      if (given.verbose) console.log(`passed   ${test.name}`)
    }
  })
  stream.on('test:fail', (test) => {
    if (test.todo !== undefined) skip(test.name, test.todo)
    else if (test.details.type !== 'suite' || !isOfItsTests(test.details.error))
      failed(test.name, `${test.file ?? ''}:${test.line ?? ''}\n${wordsOf(test.details.error)}`)
  })
  stream.on('test:summary', (summary) => {
    finished = true
    if (!summary.success && counts.failed === 0) failed(`after ${last}`, 'an error came after the last test')
  })
  for await (const _ of stream) void _
}

/** A killed run must not leave its files' processes behind. */
function endWithParent(): void {
  const parent = process.ppid
  setInterval(() => {
    if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL')
  }, 500).unref()
}

function skip(name: string, reason: string | boolean | undefined): void {
  counts.skipped++
  console.log(`skipped  ${name}${typeof reason === 'string' ? `: ${reason}` : ''}`)
}

/** A suite fails when a test of it does, which was counted; it counts itself when its own hook failed. */
function isOfItsTests(error: Error & { failureType?: string }): boolean {
  return error.failureType === 'subtestsFailed'
}

function wordsOf(error: Error): string {
  return error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : error.message
}

/** Each file in a process of its own. */
async function isolated(files: readonly string[]): Promise<void> {
  const waiting = [...files]
  process.on('exit', () => {
    if (!closed && waiting.length > 0) failed('the run', `it was ended before ${waiting.join(', ')}`)
    else if (!closed) failed('the run', 'it was ended in its last files')
    close()
  })
  const self = fileURLToPath(import.meta.url)
  const red: string[] = []
  const worker = async (isLast: boolean): Promise<void> => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      const begun = performance.now()
      const argv = [
        process.execPath,
        ...process.execArgv,
        self,
        '--shared',
        '--part',
        `--limit=${given.limit}`,
        file,
      ]
      if (given.verbose) argv.push('--verbose')
      const lines: string[] = []
      const ending = await bounded(argv, limitMs + GRACE_MS, (line) => lines.push(line))
      const found = ending.counts ?? { passed: 0, failed: 0, skipped: 0 }
      const isGreenSoFar = ending.code === 0 && ending.counts !== undefined
      if (!isGreenSoFar && !isLast) {
        console.log(`UNSTABLE ${file} failed beside others; it runs once more, alone\n${lines.join('\n')}`)
        red.push(file)
        continue
      }
      counts.passed += found.passed
      counts.failed += found.failed
      counts.skipped += found.skipped
      const isGreen = ending.code === 0 && ending.counts !== undefined
      const kept = lines.filter((line) => given.verbose || !isGreen || line.startsWith('skipped  '))
      if (kept.length > 0) console.log(kept.join('\n'))
      if (!isGreen && found.failed === 0) failed(file, ending.trouble ?? `it ended with code ${ending.code}`)
      if (given.verbose) console.log(`${file} in ${((performance.now() - begun) / 1_000).toFixed(1)} s`)
    }
  }
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, async () => await worker(!given.again)))
  waiting.push(...red)
  await worker(true)
}

let closed = false
function close(): void {
  if (closed) return
  closed = true
  console.log(countsLine(counts))
  if (counts.failed > 0 || (counts.passed === 0 && !given.part)) process.exitCode = 1
}

const files = testFiles()
if (patterns.length === 0) failed('no pattern', 'name the test files to run')
if (given.list) {
  for (const file of files) console.log(file)
  process.exitCode = counts.failed > 0 ? 1 : 0
} else {
  if (files.length > 0) await (given.shared ? shared(files) : isolated(files))
  close()
}
