/** A flight.yaml with mistakes: every mistake with its line and what was meant, before anything is started. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Ran, run, windtunnel } from '../support/command.ts'

const folder = mkdtempSync(join(tmpdir(), 'wt-flights-'))
const path = join(folder, 'flight.yaml')
after(() => rmSync(folder, { recursive: true, force: true }))

async function flown(text: string): Promise<Ran> {
  writeFileSync(path, text)
  const ran = await windtunnel(['fly', path])
  assert.equal(ran.code, 2, ran.err)
  assert.equal(ran.out, '')
  return ran
}

const FINE = 'load:\n  - poisson: { rate: 5, duration: 3s }\ntargets:\n  - route: GET /\n'

test('a mistyped key is shown with its line and the key that was meant', async () => {
  const { err } = await flown(FINE.replace('targets', 'targts'))
  assert.match(err, new RegExp(`^error {2}unknown key "targts": did you mean "targets"\\?`))
  assert.match(err, new RegExp(`\n {2}in {3}${path}:3\n {2}next `))
  const deeper = await flown(FINE.replace('duration', 'duraton'))
  assert.match(deeper.err, /unknown key "duraton": did you mean "duration"\?/)
  assert.match(deeper.err, new RegExp(`${path}:2`))
})

test('all mistakes of a file are shown at once, each with its line', async () => {
  const { err } = await flown(`${FINE}budgts:\n  - p99 < 300 ms\nload_: 1\n`)
  assert.match(err, /"budgts": did you mean "budgets"\?/)
  assert.match(err, new RegExp(`${path}:5`))
  assert.match(err, new RegExp(`${path}:7`))
})

test('a budget that nobody can read is shown with its line', async () => {
  const { err } = await flown(`${FINE}budgets:\n  - p99 below 300\n`)
  assert.match(err, /p99 below 300/)
  assert.match(err, new RegExp(`${path}:6`))
})

test('a file that is no YAML, an empty one and a missing one are told apart', async () => {
  const torn = await flown('a: [b\nc: d')
  assert.match(torn.err, new RegExp(`^error {2}YAML not well-formed.*\n {2}in {3}${path}:2\n`))
  await flown('')
  const missing = await windtunnel(['fly', join(folder, 'none.yaml')])
  assert.equal(missing.code, 2)
  assert.match(missing.err, /^error {2}There is no such flight\./)
})

test('a mistyped command and a mistyped option name what was meant', async () => {
  const command = await windtunnel(['fyl', 'x'])
  assert.equal(command.code, 2)
  assert.match(command.err, /next Did you mean: windtunnel fly/)
  const option = await windtunnel(['up', '--memroy'])
  assert.equal(option.code, 2)
  assert.match(option.err, /next Did you mean --memory\?/)
})

test('output that nobody reads any more ends the command quietly', async () => {
  const script = '"$@" | head -n 1'
  const entry = new URL('../../src/cli/entry.ts', import.meta.url).pathname
  const ran = await run('sh', ['-c', script, 'sh', process.execPath, entry, '--help'])
  assert.match(ran.out, /^windtunnel \S+ /)
  assert.doesNotMatch(ran.err, /EPIPE/)
})
