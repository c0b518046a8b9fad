/**
 * The pages for users are true to the code: printed parts are in step, links lead somewhere, commands and options that
 * are named exist. Which outputs are shown in examples is not looked at here: they were copied from real runs.
 */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { FLIGHT } from '#lab/flight-schema.ts'
import { parseFlight } from '#lab/read-flight.ts'
import { run } from '../support/command.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const PAGES = [
  'README.md',
  'ARCHITECTURE.md',
  'CONTRIBUTING.md',
  'PROMISES.md',
  ...globSync(['docs/**/*.md', 'src/services/*/README.md'], { cwd: root }).sort(),
]
const textOf = (page: string): string => readFileSync(join(root, page), 'utf8')
/** Code is quoted, not linked. */
const prose = (text: string): string => text.replace(/^```[\s\S]*?^```/gm, '').replace(/`[^`\n]*`/g, '')

/** As GitHub names the places of headings. */
function anchorsOf(text: string): Set<string> {
  const headings = text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#{1,6} +(.+)$/gm)
  return new Set(
    [...headings].map(([, title = '']) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )
}

test('printed parts of docs/ are what the code prints now', async () => {
  const argv = ['--disable-warning=ExperimentalWarning', 'tools/make-docs.ts', '--check']
  const ran = await run(process.execPath, argv, { cwd: root, env: { NO_COLOR: '1' } })
  assert.equal(ran.code, 0, `${ran.out}${ran.err}`)
  assert.match(ran.out, /^4 pages looked at, 0 out of step$/m)
})

test('links between pages lead to files and headings that are there', () => {
  const wrong: string[] = []
  let links = 0
  for (const page of PAGES) {
    for (const [, target = ''] of prose(textOf(page)).matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target)) continue
      links++
      const [path = '', anchor] = target.split('#')
      const file = path === '' ? page : normalize(join(dirname(page), path))
      if (!existsSync(join(root, file))) wrong.push(`${page}: ${target}`)
      else if (anchor !== undefined && !anchorsOf(textOf(file)).has(anchor)) wrong.push(`${page}: ${target}`)
    }
  }
  assert.ok(links > 20, `${links} links in ${PAGES.length} pages`)
  assert.deepEqual(wrong, [])
})

test('files of this repository that pages name in code exist', () => {
  const wrong: string[] = []
  let named = 0
  for (const page of PAGES.filter((page) => !page.startsWith('docs/notes/'))) {
    const paths = textOf(page).matchAll(
      /`((?:src|docs|tools|test|bench|examples|bin)\/[\w./-]+\.(?:ts|md|json|mjs|yaml))`/g,
    )
    for (const [, path = ''] of paths) {
      named++
      if (!existsSync(join(root, path))) wrong.push(`${page}: ${path}`)
    }
  }
  assert.ok(named > 5, `${named} files named`)
  assert.deepEqual(wrong, [])
})

/** Options of each command by docs/commands.md, which the first test holds in step with the code. */
function commands(): Map<string, Set<string>> {
  const text = textOf('docs/commands.md')
  const flags = (part: string): string[] =>
    [...part.matchAll(/^\| `--([a-z-]+)/gm)].map((hit) => hit[1] ?? '')
  const part = (name: string): string =>
    new RegExp(`<!-- options ${name} -->([\\s\\S]*?)<!-- end -->`).exec(text)?.[1] ?? ''
  const names = [...text.matchAll(/<!-- options ([a-z]+) -->/g)].map((hit) => hit[1] ?? '')
  return new Map(
    names
      .filter((name) => name !== 'common')
      .map((name) => [name, new Set([...flags(part(name)), ...flags(part('common'))])]),
  )
}

test('commands and options that pages name exist', () => {
  const known = commands()
  assert.ok(known.size > 10, `${known.size} commands`)
  const wrong: string[] = []
  let named = 0
  for (const page of PAGES) {
    // after `windtunnel` in code: quoted inline, or a line of a block
    const inline = [...textOf(page).matchAll(/`([^`\n]+)`/g)].map((hit) => hit[1] ?? '')
    const blocks = [...textOf(page).matchAll(/^```[\s\S]*?^```/gm)].flatMap((hit) => hit[0].split('\n'))
    for (const code of [...inline, ...blocks]) {
      const found = /(?:^|\s)(?:npx |\$ )?(?:windtunnel|npm start --) ([a-z]+)\b([^#]*)/.exec(code)
      if (found === null) continue
      const [, name = '', rest = ''] = found
      // the line that reports are opened with, and a mistyped command that an example corrects
      if (['ready', 'deply'].includes(name)) continue
      named++
      const options = known.get(name)
      if (options === undefined) wrong.push(`${page}: windtunnel ${name}`)
      for (const [, option = ''] of rest.matchAll(/(?:^|\s)--([a-z][a-z-]+)/g))
        if (options?.has(option) === false) wrong.push(`${page}: windtunnel ${name} --${option}`)
    }
  }
  assert.ok(named > 30, `${named} commands named`)
  assert.deepEqual(wrong, [])
})

/** Members that an example leaves out, as it is about others. */
const REST_OF_A_FLIGHT = {
  load: [{ constant: { rate: 1, duration: '1s' } }],
  targets: [{ route: 'GET /items/{id}', path: '/items/7' }],
}

test('flights in examples are read as flights', () => {
  const examples = ['README.md', 'docs/flights.md'].flatMap((page) =>
    [...textOf(page).matchAll(/^```yaml\n([\s\S]*?)^```/gm)].map((hit) => parse(hit[1] ?? '') as object),
  )
  const flights = examples.filter((example) => Object.keys(example).some((key) => Object.hasOwn(FLIGHT, key)))
  assert.ok(flights.length >= 5, `${flights.length} examples`)
  for (const flight of flights) {
    const read = parseFlight({ ...REST_OF_A_FLIGHT, ...flight }, () => undefined)
    assert.ok(read.ok, JSON.stringify([flight, read]))
  }
})
