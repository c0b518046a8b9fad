/** The main job and its endings: Ctrl-C while it flies is an interruption, Ctrl-C after the report the clean end. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { windtunnel } from '../support/command.ts'
import { signalled } from './signalled.ts'

const folder = mkdtempSync(join(tmpdir(), 'wt-start-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const START = ['start', '--memory', '--port', '0']

test('start prints the partial report and ends with 130 at Ctrl-C while it flies', async () => {
  const when = /flying \[.* [1-9]\d* of /
  const { code, out } = await signalled(START, { when, signal: 'SIGINT', cwd: folder })
  assert.equal(code, 130)
  assert.match(out, /PARTIAL: stopped early/)
})

test('start ends with 0 at Ctrl-C after its report', async () => {
  const { code, out, err } = await signalled(START, { when: /stays up/, signal: 'SIGINT', cwd: folder })
  assert.equal(code, 0, err)
  assert.doesNotMatch(out, /PARTIAL/)
  assert.match(out, /^ {2}here: +http:\/\/\w+\.execute-api\.localhost:\d+\/$/m)
})

test('start --once flies at least 1,000 requests, each answered well, so that p99 is there', async () => {
  const { out, err } = await windtunnel([...START, '--once', '--json'], { cwd: folder })
  const { overall, load } = JSON.parse(out) as {
    overall: { n: number; errors: number; p99Ms: number | null }
    load: { planned: number }
  }
  assert.equal(err, '')
  assert.ok(load.planned >= 1_000, `${load.planned} planned`)
  assert.deepEqual({ n: overall.n, errors: overall.errors }, { n: load.planned, errors: 0 })
  assert.notEqual(overall.p99Ms, null)
})
