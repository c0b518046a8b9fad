/**
 * Style as a test: the import table, dead files, file sizes, ARNs outside `base/arn.ts`, types-only ports. Each check
 * prints how many files it read and fails on none. A waiver may shrink, never grow.
 */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'

const PURE_BUILTINS = ['node:crypto', 'node:zlib', 'node:buffer', 'node:util']

/** Room: what it may import. `#x` is a room of ours, `pkg:` a package, `node:*` any builtin. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  base: ['#base'],
  model: ['#base', '#model'],
  ports: ['#base', '#model', '#ports'],
  engines: ['#base', '#engines', ...PURE_BUILTINS, 'pkg:yaml'],
  wire: ['#base', '#model', '#ports', '#wire', ...PURE_BUILTINS],
  outbox: ['#base', '#ports', '#outbox'],
  services: ['#base', '#model', '#ports', '#engines', '#outbox', '#services', ...PURE_BUILTINS],
  host: ['#base', '#ports', '#host', 'node:*'],
  lab: ['#base', '#engines', '#ports', '#lab'],
  platform: ['#base', '#model', '#ports', '#engines', '#wire', '#services', '#host', '#platform', 'node:*'],
  cli: ['#base', '#engines', '#lab', '#host', '#cli', '#ports', 'node:*', 'pkg:yaml'],
}

/** Files that may import what their room may not, each with its reason. */
const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'src/cli/up.ts': ['#platform'], // starts the platform
  // The one module that brings Node binaries is plain JavaScript, because the bootstrap runs it on Node 20.
  'src/host/sandbox/brought.ts': ['../../../bin/node-binaries.mjs'],
  'src/host/sandbox/runtimes-node.ts': ['../../../bin/node-binaries.mjs'],
  'src/host/sandbox/java-client.ts': ['../../../bin/node-binaries.mjs'],
  'src/host/sandbox/java-archive.ts': ['../../../bin/node-binaries.mjs'],
  'src/host/sandbox/machine.ts': ['../../../bin/node-binaries.mjs'],
}

/** Longer than 400 lines, at most so many. Reason: tables that read better whole. */
const LONG_FILES: Readonly<Record<string, number>> = {}
const LINES_MAX = 400

const sources = globSync('src/**/*.ts').sort()
/** Fakes that several tests share stand beside them. */
const isTestSupport = (file: string): boolean => /\.test\.ts$|\/fake-[\w-]+\.ts$/.test(file)
const code = sources.filter((file) => !isTestSupport(file) && !file.startsWith('src/model/'))
const IMPORT =
  /(?:^|\n)\s*(?:import|export)\s[^'";=]*?\sfrom\s*['"]([^'"\n]+)['"]|(?:^|\n)import\s*['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g

function importsOf(file: string): string[] {
  const found = [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(
    (hit) => hit[1] ?? hit[2] ?? hit[3] ?? '',
  )
  return found.filter((specifier) => specifier !== '')
}

function roomOf(file: string): string {
  return file.split('/')[1] ?? ''
}

function allowed(file: string, specifier: string): boolean {
  const row = [...(ARROWS[roomOf(file)] ?? []), ...(EXCEPTIONS[file] ?? [])]
  if (specifier.startsWith('#')) {
    const room = specifier.slice(1).split('/')[0] ?? ''
    if (!row.includes(`#${room}`)) return false
    if (room !== 'services' || roomOf(file) !== 'services') return true
    return specifier.split('/')[1] === file.split('/')[2]
  }
  if (specifier.startsWith('node:')) return row.includes('node:*') || row.includes(specifier)
  if (specifier.startsWith('.')) return specifier.endsWith('.json') || row.includes(specifier)
  return row.includes(`pkg:${specifier.split('/')[0] ?? ''}`)
}

test('every import follows the table of rooms', () => {
  assert.ok(code.length > 20, `read ${code.length} files`)
  const wrong: string[] = []
  for (const file of code) {
    for (const specifier of importsOf(file)) {
      if (!allowed(file, specifier))
        wrong.push(
          `${file} imports ${specifier}; ${roomOf(file)} may import ${ARROWS[roomOf(file)]?.join(' ') ?? 'nothing'}`,
        )
    }
  }
  assert.deepEqual(wrong, [])
})

test('ports hold types only', () => {
  const ports = code.filter((file) => roomOf(file) === 'ports')
  assert.ok(ports.length >= 10, `read ${ports.length} files`)
  const withValues = ports.filter((file) => {
    const left = stripTypeScriptTypes(readFileSync(file, 'utf8')).replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
    return left.replace(/export\s*\{\s*\};?/g, '').trim() !== ''
  })
  assert.deepEqual(withValues, [])
})

test('no file is longer than it may be', () => {
  const long = code.filter(
    (file) => readFileSync(file, 'utf8').split('\n').length - 1 > (LONG_FILES[file] ?? LINES_MAX),
  )
  assert.deepEqual(long, [])
})

test('every file of src is imported by another, or is a way in', () => {
  const waysIn = /^src\/cli\/entry\.ts$|generator\.ts$|launcher|worker/
  const everywhere = [
    ...sources,
    ...globSync(['test/**/*.ts', 'tools/**/*.ts', 'bench/**/*.ts', 'bin/*.mjs']),
  ]
  const imported = new Set<string>()
  for (const file of everywhere) {
    for (const specifier of importsOf(file)) {
      if (specifier.startsWith('#')) imported.add(`src/${specifier.slice(1)}`)
      else if (specifier.startsWith('.')) imported.add(normalize(join(dirname(file), specifier)))
    }
  }
  const dead = code.filter((file) => !imported.has(file) && !waysIn.test(file))
  assert.deepEqual(dead, [])
})

test('ARNs are taken apart in base/arn.ts only', () => {
  const splitting = /split\(':'\)/
  const wrong = code.filter((file) => {
    const source = readFileSync(file, 'utf8')
    return (
      file !== 'src/base/arn.ts' &&
      /arn/i.test(source) &&
      splitting.test(source) &&
      /[aA]rn\w*\.split\(':'\)/.test(source)
    )
  })
  assert.deepEqual(wrong, [])
})

test('nothing is left to do without a note', () => {
  const wrong = code.filter((file) =>
    /\b(TODO|FIXME|XXX)\b(?! *\(note \d{4}\))/.test(readFileSync(file, 'utf8')),
  )
  assert.deepEqual(wrong, [])
})
