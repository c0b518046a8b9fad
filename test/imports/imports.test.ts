/** `windtunnel imports` on real starts: modules that take a known time, put off and not, in each kind of code. */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import type { ImportRow, ImportsReport } from '#lab/imports.ts'
import { type Ran, windtunnel } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

/** Long beside what a busy machine adds to a start. */
const BUSY_MS = 200
const busy = `const until = performance.now() + ${BUSY_MS}; while (performance.now() < until);`

const functionOf = (name: string, handler: string, runtime: string): string =>
  `  ${name}: { Type: AWS::Serverless::Function, Properties: { FunctionName: ${name}, Handler: ${handler}, Runtime: ${runtime}, MemorySize: 1024, CodeUri: code } }\n`

const FILES: Readonly<Record<string, string>> = {
  'template.yaml': [
    'Transform: AWS::Serverless-2016-10-31\nResources:\n',
    functionOf('Modules', 'modules.handler', 'nodejs24.x'),
    functionOf('Common', 'common.handler', 'nodejs24.x'),
    functionOf('Snake', 'snake.handler', 'python3.12'),
    functionOf('Broken', 'broken.handler', 'nodejs24.x'),
  ].join(''),
  'code/modules.mjs': `
import whole, { Heavy, LIMIT } from 'heavy'
import { used } from './own.mjs'
import { createHash } from 'node:crypto'
export class Mine { make() { return new Heavy(LIMIT, whole, createHash) } }
export const handler = async () => used
`,
  'code/own.mjs': `import { give } from 'needed'\nexport const used = give()\n`,
  'code/common.cjs': `
const { Heavy, LIMIT } = require('heavy-common')
exports.handler = async () => new Heavy(LIMIT)
`,
  'code/node_modules/heavy/package.json': '{ "name": "heavy", "type": "module", "exports": "./index.js" }',
  'code/node_modules/heavy/index.js': `
import './part.js'
export class Heavy {}
export const LIMIT = 7
export default function whole() {}
`,
  'code/node_modules/heavy/part.js': busy,
  'code/node_modules/needed/package.json': '{ "name": "needed", "type": "module", "exports": "./index.js" }',
  'code/node_modules/needed/index.js': `${busy}\nexport const give = () => 'given'\n`,
  'code/node_modules/heavy-common/index.js': `${busy}\nexports.Heavy = class Heavy {}\nexports.LIMIT = 7\n`,
  'code/snake.py': `
from heavy_snake import make, LIMIT
import needed_snake
value = needed_snake.give()
def handler(event, context):
    return make(LIMIT)
`,
  'code/heavy_snake.py': `
import time
until = time.perf_counter() + ${BUSY_MS / 1_000}
while time.perf_counter() < until: pass
LIMIT = 7
def make(n): return n
`,
  'code/needed_snake.py': `
import time
until = time.perf_counter() + ${BUSY_MS / 1_000}
while time.perf_counter() < until: pass
def give(): return 1
`,
  // a distribution beside the code, so that it is not taken for the function's own
  'code/snakes-1.0.dist-info/RECORD': 'heavy_snake.py,,\nneeded_snake.py,,\n',
  'code/broken.mjs': "import 'nowhere'\nexport const handler = async () => 1\n",
}

let on: Platform
let folder: string
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wt-imports-'))
  for (const [name, text] of Object.entries(FILES)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true })
    writeFileSync(join(folder, name), text)
  }
  on = await platform(['--memory'])
  const { code, err } = await ran('deploy', 'template.yaml')
  assert.equal(code, 0, err)
})
after(async () => {
  await on.stop()
  rmSync(folder, { recursive: true, force: true })
})

const ran = async (...words: string[]): Promise<Ran> =>
  await windtunnel(words, { cwd: folder, env: { WINDTUNNEL_ENDPOINT: on.url } })

async function looked(name: string): Promise<{ report: ImportsReport; of: (name: string) => ImportRow }> {
  const { code, out, err } = await ran('imports', name, '--rounds', '3', '--json')
  assert.equal(code, 0, err)
  const report = JSON.parse(out) as ImportsReport
  return {
    report,
    of: (wanted) => {
      const row = report.imports.find(({ name: is }) => is === wanted)
      assert.ok(row !== undefined, `${wanted} in ${out}`)
      return row
    },
  }
}

/** Of a busy machine: at least the module's own loop, and most of it saved. */
function takesAndSaves(row: ImportRow): void {
  assert.ok(row.ms >= BUSY_MS, `${row.name} takes ${row.ms}`)
  assert.equal(row.lazy?.used, false)
  assert.ok((row.lazy?.savedMs ?? 0) > BUSY_MS / 2, `${row.name} saves ${row.lazy?.savedMs}`)
}

function cannotSave(row: ImportRow): void {
  assert.ok(row.ms >= BUSY_MS, `${row.name} takes ${row.ms}`)
  assert.equal(row.lazy?.used, true)
  assert.ok((row.lazy?.savedMs ?? 0) < BUSY_MS / 2, `${row.name} saves ${row.lazy?.savedMs}`)
}

test('imports finds what ES modules load, and what an import saves that is put off', async () => {
  const { report, of } = await looked('Modules')
  takesAndSaves(of('heavy'))
  assert.deepEqual(
    [of('heavy').files, of('heavy').slowest[0]?.id.replace(/^.*node_modules/, '')],
    [2, '/heavy/part.js'],
  )
  assert.equal(of('heavy').importer.replace(/^.*\//, ''), 'modules.mjs')
  cannotSave(of('needed'))
  assert.equal(of('needed').importer.replace(/^.*\//, ''), 'own.mjs')
  assert.ok(report.init.ms > 2 * BUSY_MS && (report.parts?.importsMs ?? 0) > 2 * BUSY_MS)
  assert.ok((report.parts?.ownMs ?? 0) < BUSY_MS)
})

test('imports finds what require loads', async () => {
  takesAndSaves((await looked('Common')).of('heavy-common'))
})

test('imports finds what Python loads', async (t) => {
  const answer = await ran('invoke', 'Snake')
  if (answer.code === 3) return t.skip('no Python on this machine')
  const { of } = await looked('Snake')
  takesAndSaves(of('heavy_snake'))
  cannotSave(of('needed_snake'))
})

test('imports says why a function does not come up, in its words', async () => {
  const { code, err } = await ran('imports', 'Broken')
  assert.equal(code, 2)
  assert.match(err, /does not come up.*Cannot find package 'nowhere'/)
})

test('imports prints a verdict with what it saves, and starts leave nothing behind', async () => {
  const { code, out } = await ran('imports', 'Common', '--rounds', '3', '--lazy', '1')
  assert.equal(code, 0)
  assert.match(
    out,
    /Init takes .* for a million cold\s+starts\. Importing heavy-common only when it is used saves/,
  )
  assert.match(out, /^ {2}heavy-common +\d/m)
  assert.doesNotMatch((await ran('environments')).out, /Common|Modules/)
})
