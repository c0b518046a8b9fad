/**
 * The command line without a platform: help, what was meant by a slip, wrong words, files that cannot be read or
 * written, saved flights. Exit codes as `windtunnel --help` documents them.
 */
import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { madeUp } from '#lab/fake-flight.ts'
import { reportOf } from '#lab/result.ts'
import { type Ran, type RunOptions, windtunnel } from '../support/command.ts'

const COMMANDS =
  'start up fly load deploy invoke logs report compare tune trace bill doctor environments clock reset'.split(
    ' ',
  )
/** Nothing listens there: nobody uses the port, and it needs rights to be taken. */
const NOWHERE = 'http://127.0.0.1:2'

let folder: string
/** Has two saved flights. */
let flown: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'wt-usage-'))
  flown = join(folder, 'flown')
  const saved = join(flown, '.windtunnel', 'flights')
  mkdirSync(saved, { recursive: true })
  writeFileSync(
    join(folder, 'flight.yaml'),
    'load: [{ constant: { rate: 1, duration: 1s } }]\ntargets: [{ route: GET / }]\n',
  )
  writeFileSync(join(folder, 'template.yaml'), 'Resources: { L: { Type: AWS::Logs::LogGroup } }\n')
  for (const [i, handlerMs] of [2, 3].entries()) {
    const made = madeUp([{ name: 'GET /a', functionName: 'a', n: 300, cold: 2, initMs: 40, handlerMs }])
    const report = { ...reportOf(made), startedAt: `2026-01-0${i + 1}T00:00:00.000Z` }
    writeFileSync(join(saved, `2026-01-0${i + 1}-first.json`), JSON.stringify(report))
  }
})
after(() => rmSync(folder, { recursive: true, force: true }))

const ran = async (words: readonly string[], options: RunOptions = {}): Promise<Ran> =>
  await windtunnel(words, { cwd: folder, ...options })

/** All of them, so many at once that two cores have something to do. */
async function each<T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items]
  const worker = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item)
  }
  await Promise.all([worker(), worker(), worker()])
}

/** Three lines on stderr, nothing on stdout, and that exit code. */
async function refused(
  words: readonly string[],
  { code = 2, ...expected }: { code?: number; what: RegExp; thing: RegExp; next: RegExp },
  options: RunOptions = {},
): Promise<void> {
  const { out, err, code: found } = await ran(words, options)
  assert.deepEqual({ code: found, out }, { code, out: '' }, err)
  const [what = '', thing = '', next = '', ...more] = err.trimEnd().split('\n')
  assert.match(what, /^error {2}\S/)
  assert.match(what, expected.what)
  assert.match(thing, /^ {2}in {3}\S/)
  assert.match(thing, expected.thing)
  assert.match(next, /^ {2}next \S/)
  assert.match(next, expected.next)
  assert.deepEqual(more, [])
}

test('--help lists every command with an example, and the exit codes, in 80 columns', async () => {
  const { code, out, err } = await ran(['--help'])
  assert.deepEqual({ code, err }, { code: 0, err: '' })
  const lines = out.split('\n')
  for (const name of COMMANDS) {
    const at = lines.findIndex((line) => line.startsWith(`  ${name} `))
    const example = lines.slice(at + 1).find((line) => /^ +(windtunnel|npm start)/.test(line)) ?? ''
    assert.match(example, new RegExp(`windtunnel ${name}|npm start`), name)
  }
  for (const said of ['0 done', '1 failed', '2 wrong use', '3 the machine', '130 stopped', '143 stopped'])
    assert.ok(out.replaceAll(/\s+/g, ' ').includes(said), said)
  assert.deepEqual(
    lines.filter((line) => line.length > 80),
    [],
  )
})

test('COMMAND --help shows usage, options and an example, each in 80 columns', async () => {
  await each(COMMANDS, async (name) => {
    const { code, out } = await ran([name, '--help'])
    assert.equal(code, 0)
    assert.match(out, new RegExp(`^ {2}windtunnel ${name}`, 'm'))
    assert.match(out, /^ {2}--json +Print one JSON document/m)
    assert.match(out, /^ {2}example {2}\S/m)
    assert.ok(
      out.split('\n').every((line) => line.length <= 80),
      out,
    )
  })
})

test('help COMMAND is its --help, and a version is a version', async () => {
  assert.equal((await ran(['help', 'bill'])).out, (await ran(['bill', '--help'])).out)
  assert.match((await ran(['--version'])).out, /^\d+\.\d+\.\d+\n$/)
})

test('a mistyped command or option names what was meant', async () => {
  const command = {
    what: /There is no command "strat"/,
    thing: /windtunnel strat/,
    next: /windtunnel start$/,
  }
  await refused(['strat'], command)
  await refused(['zzzzzzzz'], { ...command, what: /"zzzzzzzz"/, thing: /zzz/, next: /--help lists/ })
  const option = {
    what: /windtunnel fly has no option --prot/,
    thing: /--prot/,
    next: /Did you mean --port\?/,
  }
  await refused(['fly', '--prot', '1'], option)
  await refused(['--onec'], { what: /windtunnel start has no/, thing: /--onec/, next: /--once/ })
})

const WRONG: readonly (readonly [words: string[], what: RegExp, thing: RegExp, next: RegExp])[] = [
  [['invoke'], /needs more words/, /invoke FUNCTION/, /windtunnel invoke hello/],
  [['reset', 'all'], /"all" is one word too many/, /windtunnel reset/, /windtunnel reset/],
  [['bill', '--monthly', 'x'], /"x" is not a whole number/, /--monthly/, /--monthly \d/],
  [['bill', '--since', '5'], /"5" is no duration/, /--since/, /1h/],
  [['logs', 'f', '--since', 'y'], /"y" is no duration/, /--since/, /15m/],
  [['up', '--port', '70000'], /"70000" is no port/, /--port/, /65535/],
  [['up', '--log-level', 'x'], /"x" is no log level/, /--log-level/, /debug, info/],
  [['clock', 'stop'], /no "stop"/, /windtunnel clock/, /advance/],
  [['clock', 'advance'], /needs a duration/, /advance/, /advance 15m/],
  [['tune', 'f', '--memory', '5'], /no list of memory sizes/, /--memory/, /128,512/],
  [['deploy', 'template.yaml', '--parameter', 'x'], /"x" is no Key=Value/, /--parameter/, /Stage=test/],
  [['bill', '--endpoint', 'there'], /"there" is no address/, /--endpoint/, /http:/],
]

test('wrong words and values are told with what would be right', async () => {
  await each(WRONG, async ([words, what, thing, next]) => await refused(words, { what, thing, next }))
})

test('no platform is told by every command that needs one', async () => {
  const lines = [['load'], ['deploy'], ['invoke', 'f'], ['logs', 'f'], ['tune', 'f'], ['trace', '1-2-3']]
  const words = [['bill'], ['environments'], ['clock'], ['clock', 'freeze'], ['reset']]
  const gone = { code: 3, what: /No platform answers there/, thing: /127\.0\.0\.1:2/, next: /windtunnel up/ }
  await each([...lines, ...words], async (line) => await refused([...line, '--endpoint', NOWHERE], gone))
})

test('an error with --json is one document on stdout with the same exit code', async () => {
  const { code, out, err } = await ran(['bill', '--json', '--endpoint', NOWHERE])
  assert.deepEqual({ code, err }, { code: 3, err: '' })
  const { error } = JSON.parse(out) as { error: Record<string, string> }
  assert.deepEqual(Object.keys(error), ['message', 'thing', 'remedy'])
})

test('files that cannot be read are told apart, each with its path', async () => {
  const missing = { what: /no such (flight|template)/, thing: /none/, next: /Name / }
  await refused(['fly', 'none.yaml'], missing)
  await refused(['deploy', 'none.yaml'], missing)
  await refused(['report', 'none'], { what: /No flight is saved/, thing: /flights/, next: /windtunnel fly/ })
  const isFolder = { what: /folder, not a file/, thing: new RegExp(folder), next: /Name a/ }
  await refused(['fly', folder], isFolder)
  await refused(['report', folder], isFolder)
  await refused(['report', 'template.yaml'], { what: /no JSON/, thing: /template.yaml/, next: /Fly again/ })
  const payload = ['invoke', 'f', '--payload', '@none.json', '--endpoint', NOWHERE]
  await refused(payload, { what: /no such file/, thing: /none.json/, next: /Name/ })
})

test('report shows a saved flight in every form', async () => {
  const at = { cwd: flown }
  const text = await ran(['report'], at)
  assert.equal(text.code, 0)
  assert.match(text.out, /^flew 10 s/)
  const longest = Math.max(...text.out.split('\n').map((line) => line.length))
  assert.ok(longest <= 80, `${longest} columns`)
  const wide = await ran(['report'], { cwd: flown, env: { COLUMNS: '200' } })
  assert.match(wide.out, /p99\.9/)
  assert.ok(!`${text.out}${wide.out}`.includes('\u001b'), 'a control code in a pipe')
  assert.equal((JSON.parse((await ran(['report', '--json'], at)).out) as { name: string }).name, 'first')
  const files = ['--html', 'a.html', '--markdown', 'a.md', '--junit', 'a.xml']
  assert.equal((await ran(['report', 'latest', ...files], at)).out, '')
  assert.match(readFileSync(join(flown, 'a.html'), 'utf8'), /^<!doctype html>/i)
  assert.match(readFileSync(join(flown, 'a.xml'), 'utf8'), /^<\?xml/)
  const markdown = await ran(['report', 'previous', '--markdown', '-'], at)
  assert.match(markdown.out, /\| route \| n \|/)
})

test('report and compare refuse two forms on one output, and a file that cannot be written', async () => {
  const both = { what: /Only one form/, thing: /--html - --markdown -/, next: /--html report.html/ }
  await refused(['report', '--html', '-', '--markdown', '-'], both, { cwd: flown })
  const nowhere = { what: /no such file or folder/, thing: /nowhere/, next: /Name/ }
  await refused(['report', '--html', 'nowhere/a.html'], nowhere, { cwd: flown })
})

test('compare puts saved flights side by side, as text, JSON and markdown', async () => {
  const at = { cwd: flown }
  assert.match((await ran(['compare'], at)).out, /95 % interval/)
  const json = await ran(['compare', 'previous', 'latest', '--json', '--markdown', 'c.md'], at)
  assert.equal((JSON.parse(json.out) as { format: string }).format, 'windtunnel-compare/1')
  assert.match(readFileSync(join(flown, 'c.md'), 'utf8'), /\| *before *\|/)
  assert.equal((await ran(['compare', '2026-01-01', '2026-01-02'], at)).code, 0)
  await refused(['compare', 'x'], { what: /no such report/, thing: /x/, next: /2026-01-02/ }, at)
})

test('trace --slowest shows the slowest saved request', async () => {
  const { code, out } = await ran(['trace', '--slowest'], { cwd: flown })
  assert.equal(code, 0)
  assert.match(out, /^trace 1-\S+ .* spans\n/)
  const json = await ran(['trace', '--slowest', '--json'], { cwd: flown })
  assert.ok((JSON.parse(json.out) as { rows: unknown[] }).rows.length > 1)
})

test('doctor says what the machine can do without a platform', async () => {
  const { code, out } = await ran(['doctor', '--endpoint', NOWHERE])
  assert.ok(code === 0 || code === 1)
  assert.match(out, /^platform +partly +none answers at/m)
  const { facts } = JSON.parse((await ran(['doctor', '--json'])).out) as { facts: { name: string }[] }
  assert.ok(facts.some(({ name }) => name === 'isolation'))
})
