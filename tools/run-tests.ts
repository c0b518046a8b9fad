/**
 * Runs test files with node:test and prints `N passed, N failed, N skipped`. Fails when nothing passed, when no
 * summary came, or when a test ended the process. `--shared` runs all in this process (pure tests).
 */
import { globSync } from 'node:fs'
import { run } from 'node:test'

const shared = process.argv.includes('--shared')
const verbose = process.argv.includes('--verbose')
const patterns = process.argv
  .slice(2)
  .filter((argument) => !argument.startsWith('--') && argument !== '!slow')
/** `!slow` leaves out the files of the slow suites. */
const leftOut = process.argv.includes('!slow') ? /\.slow\.test\.ts$/ : /^$/
const files = [...new Set(patterns.flatMap((pattern) => globSync(pattern)))]
  .filter((file) => !leftOut.test(file))
  .sort()
const count = { passed: 0, failed: 0, skipped: 0 }
let finished = false

process.on('exit', () => {
  if (!finished) console.log('the run ended before its summary: a test ended the process')
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`)
  if (!finished || count.failed > 0 || count.passed === 0) process.exitCode = 1
})

if (files.length === 0) console.log(`no test file matches ${patterns.join(' ')}`)
const stream = run({
  files,
  isolation: shared ? 'none' : 'process',
  concurrency: shared ? 1 : 2,
  timeout: 120_000,
})
stream.on('test:pass', (test) => {
  if (test.details.type === 'suite') return
  if (test.skip !== undefined) {
    count.skipped++
    if (typeof test.skip === 'string') console.log(`skipped  ${test.name}: ${test.skip}`)
  } else if (!(test.nesting === 0 && files.some((file) => test.name.endsWith(file)))) {
    count.passed++
    if (verbose) console.log(`passed   ${test.name}`)
  }
})
stream.on('test:fail', (test) => {
  if (test.details.type === 'suite') return
  count.failed++
  const error = test.details.error
  console.log(`FAILED   ${test.name}\n         ${test.file ?? ''}:${test.line ?? ''}`)
  console.log(error.cause instanceof Error ? (error.cause.stack ?? error.cause.message) : error.message)
})
stream.on('test:stderr', (chunk) => process.stderr.write(chunk.message))
stream.on('test:summary', () => {
  finished = true
})
for await (const _ of stream) void _
