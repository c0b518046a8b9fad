/** The test runner never says green of something that was not run. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { ROOT, temporaryFolder } from './machine.ts'

const RUNNER = join(ROOT, 'tools', 'run-tests.ts')
const IMPORT = "import { describe, test } from 'node:test'\n"

interface Ran {
  readonly code: number | null
  readonly out: string
  readonly last: string
}

function ran(folder: string, args: readonly string[]): Ran {
  const { status, stdout } = spawnSync(process.execPath, [RUNNER, ...args], {
    cwd: folder,
    encoding: 'utf8',
    timeout: 60_000,
    env: { ...process.env, NODE_TEST_CONTEXT: undefined },
  })
  return { code: status, out: stdout, last: stdout.trimEnd().split('\n').at(-1) ?? '' }
}

/** Runs one file both ways; both must say the same. */
function check(content: string, expected: { code: number; last: string; says?: RegExp }): void {
  using folder = temporaryFolder('lies')
  writeFileSync(join(folder.path, 'a.test.ts'), IMPORT + content)
  for (const way of [['--shared'], []]) {
    const found = ran(folder.path, ['--limit=3', ...way, 'a.test.ts'])
    assert.deepEqual(
      { code: found.code, last: found.last },
      { code: expected.code, last: expected.last },
      found.out,
    )
    if (expected.says !== undefined) assert.match(found.out, expected.says)
  }
}

test('the runner counts what passed, failed and was skipped, with reasons', () => {
  check("describe('s', () => { test('a', () => {}); test('b', { skip: 'no engine' }, () => {}) })", {
    code: 0,
    last: '1 passed, 0 failed, 1 skipped',
    says: /^skipped {2}b: no engine$/m,
  })
})

test('the runner fails when a test ends the process with 0', () => {
  check("test('a', () => {})\ntest('b', () => process.exit(0))\ntest('c', () => { throw new Error() })", {
    code: 1,
    last: '1 passed, 1 failed, 0 skipped',
    says: /b .*\n.*a test ended the process/,
  })
})

test('the runner fails when a file holds no test', () => {
  check('export const nothing = describe', { code: 1, last: '0 passed, 1 failed, 0 skipped' })
})

test('the runner counts tests that a file takes from another', () => {
  using folder = temporaryFolder('lies')
  writeFileSync(
    join(folder.path, 'contract.ts'),
    `${IMPORT}export const contract = () => test('a', () => {})`,
  )
  writeFileSync(join(folder.path, 'a.test.ts'), "import { contract } from './contract.ts'\ncontract()")
  writeFileSync(join(folder.path, 'b.test.ts'), 'export const nothing = 0')
  assert.equal(ran(folder.path, ['a.test.ts']).last, '1 passed, 0 failed, 0 skipped')
  assert.equal(ran(folder.path, ['--shared', 'a.test.ts', 'b.test.ts']).last, '1 passed, 1 failed, 0 skipped')
})

test('the runner fails when a file does not load', () => {
  check("throw new Error('at the top')", {
    code: 1,
    last: '0 passed, 1 failed, 0 skipped',
    says: /at the top/,
  })
})

test('the runner fails when a promise rejects after the last test', () => {
  check("test('a', () => void setTimeout(() => void Promise.reject(new Error('late')), 20))", {
    code: 1,
    last: '1 passed, 1 failed, 0 skipped',
  })
})

test('the runner is bounded and fails when a test never ends', () => {
  const content = `test('a', async ({ signal }) => {
    const timer = setInterval(() => {}, 1_000)
    signal.addEventListener('abort', () => clearInterval(timer))
    await new Promise(() => {})
  })`
  check(content, {
    code: 1,
    last: '0 passed, 1 failed, 0 skipped',
    says: /FAILED {3}a/,
  })
})

test('the runner is bounded and fails when a timer stays open', () => {
  check("test('a', () => void setInterval(() => {}, 1_000))", {
    code: 1,
    last: '1 passed, 1 failed, 0 skipped',
    says: /longer than 3 s|left open: .*Timeout/,
  })
})

test('the runner is bounded and fails when a test blocks the thread', () => {
  using folder = temporaryFolder('lies')
  writeFileSync(join(folder.path, 'a.test.ts'), `${IMPORT}test('a', () => { for (;;); })`)
  const { code, last } = ran(folder.path, ['--limit=3', 'a.test.ts'])
  assert.deepEqual({ code, last }, { code: 1, last: '0 passed, 1 failed, 0 skipped' })
})

test('the runner fails when a pattern has no file, also beside one that has', () => {
  using folder = temporaryFolder('lies')
  writeFileSync(join(folder.path, 'a.test.ts'), `${IMPORT}test('a', () => {})`)
  assert.equal(ran(folder.path, ['none/*.test.ts']).last, '0 passed, 1 failed, 0 skipped')
  assert.equal(ran(folder.path, ['none/*.test.ts']).code, 1)
  assert.equal(ran(folder.path, ['a.test.ts', 'none/*.test.ts']).code, 1)
  assert.equal(ran(folder.path, []).code, 1)
})

test('the runner fails when everything was skipped', () => {
  check("test('a', { skip: 'never' }, () => {})", { code: 1, last: '0 passed, 0 failed, 1 skipped' })
})

test('a killed runner leaves no test behind', async () => {
  using folder = temporaryFolder('lies')
  const note = join(folder.path, 'pid')
  writeFileSync(
    join(folder.path, 'a.test.ts'),
    `${IMPORT}import { writeFileSync } from 'node:fs'
test('a', async () => { writeFileSync(${JSON.stringify(note)}, String(process.pid)); await new Promise((r) => setTimeout(r, 60_000)) })`,
  )
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    const runner = spawn(process.execPath, [RUNNER, 'a.test.ts'], {
      cwd: folder.path,
      stdio: 'ignore',
      env: { ...process.env, NODE_TEST_CONTEXT: undefined },
    })
    const ended = new Promise((resolve) => runner.once('exit', resolve))
    const pid = await until(() => (existsSync(note) ? Number(readFileSync(note, 'utf8')) : 0))
    runner.kill(signal)
    await ended
    await until(() => (isThere(pid) ? 0 : 1))
    writeFileSync(note, '')
  }
})

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function until(found: () => number): Promise<number> {
  const limit = performance.now() + 20_000
  for (;;) {
    const value = found()
    if (value > 0) return value
    assert.ok(performance.now() < limit, 'it took longer than 20 s')
    await delay(20)
  }
}

test('the runner fails, and ends, when a file leaves a process that holds its output', () => {
  const left = `test('a', async () => {
  const { spawn } = await import('node:child_process')
  const child = spawn('sleep', ['20'], { detached: true, stdio: ['ignore', 'inherit', 'ignore'] })
  child.unref()
})`
  using folder = temporaryFolder('lies')
  writeFileSync(join(folder.path, 'a.test.ts'), IMPORT + left)
  const begun = performance.now()
  const found = ran(folder.path, ['--limit=10', 'a.test.ts'])
  assert.deepEqual([found.code, found.last], [1, '1 passed, 1 failed, 0 skipped'], found.out)
  assert.match(found.out, /outlived it/)
  assert.ok(performance.now() - begun < 15_000)
})
