import assert from 'node:assert/strict'
import { test } from 'node:test'
import { usEast1Prices } from '#engines/pricing/price-book.ts'
import {
  candidates,
  directImports,
  type ImportsInput,
  importsReport,
  type LoadRecord,
  readLoadRecord,
} from '#lab/imports.ts'

const told = (selfMs: Readonly<Record<string, number>> = {}): unknown => ({
  bootMs: 20,
  loadMs: 100,
  seesModules: true,
  own: ['/var/task/index.mjs', '/var/task/db.mjs'],
  used: [],
  exports: { '/m/big.js': [['a', 'function']] },
  modules: [
    { id: '/var/task/index.mjs', specifier: 'index.mjs', selfMs: 3, bytes: 100 },
    { id: '/m/big.js', parent: '/var/task/index.mjs', specifier: 'big', selfMs: 50, bytes: 1_000 },
    { id: '/m/core.js', parent: '/m/big.js', specifier: './core', selfMs: 20, bytes: 2_000 },
    { id: '/var/task/db.mjs', parent: '/var/task/index.mjs', specifier: './db.mjs', selfMs: 1, bytes: 100 },
    { id: '/m/small.js', parent: '/var/task/db.mjs', specifier: 'small', selfMs: 1, bytes: 10 },
    { id: 'node:crypto', parent: '/m/small.js', specifier: 'crypto', selfMs: 4, bytes: 0 },
  ].map((module) => ({ ...module, selfMs: selfMs[module.id] ?? module.selfMs })),
})
const record = (selfMs?: Readonly<Record<string, number>>): LoadRecord => {
  const read = readLoadRecord(told(selfMs))
  assert.ok(read !== undefined)
  return read
}
const input = (more: Partial<ImportsInput> = {}): ImportsInput => ({
  functionName: 'f',
  runtime: 'nodejs24.x',
  memoryMb: 1_024,
  architecture: 'x86_64',
  packageBytes: 10,
  plainMs: [118, 120, 122, 119, 121],
  watchedMs: [120, 121, 122, 120, 121],
  records: [record(), record({ '/m/big.js': 60 }), record()],
  lazy: [],
  book: usEast1Prices,
  ...more,
})

test('directImports() gives an import the time of all that was loaded for it first', () => {
  const found = directImports(record())
  assert.deepEqual(
    found.map(({ name, totalMs, files, bytes }) => [name, totalMs, files, bytes]),
    [
      ['big', 70, 2, 3_000],
      ['small', 5, 1, 10],
    ],
  )
  assert.deepEqual(found[0]?.parts[0], { id: '/m/big.js', selfMs: 50 })
})

test('candidates() leaves out what is too small to matter', () => {
  assert.deepEqual(
    candidates(record(), 9).map(({ name }) => name),
    ['big', 'small'],
  )
  assert.deepEqual(
    candidates(record({ 'node:crypto': 0.5 }), 9).map(({ name }) => name),
    ['big'],
  )
  assert.equal(candidates(record(), 1).length, 1)
})

test('readLoadRecord() is undefined for what no runtime client tells', () => {
  for (const value of [undefined, null, 'x', {}, { modules: 3 }])
    assert.equal(readLoadRecord(value), undefined)
})

test('importsReport() splits the time and prices a million cold starts', () => {
  const report = importsReport(input())
  assert.equal(report?.init.ms, 120)
  // 0.12 s of 1 GB, a million times, at $0.0000166667
  assert.equal(Number(report?.initUsd).toFixed(4), '2.0000')
  assert.deepEqual(report?.parts, {
    bootMs: 20,
    importsMs: 75,
    ownMs: 4,
    restMs: 21,
    modules: 6,
    bytes: 3_210,
    seesModules: true,
  })
  assert.deepEqual(
    report?.imports.map(({ name, ms, lazy }) => [name, ms, lazy]),
    [
      ['big', 70, null],
      ['small', 5, null],
    ],
  )
})

test('importsReport() says what starts with an import put off have saved, not what the import takes', () => {
  const [big, small] = directImports(record())
  assert.ok(big !== undefined && small !== undefined)
  const report = importsReport(
    input({
      lazy: [
        { of: big, initMs: [100, 101, 102, 100, 101], used: false, failed: undefined },
        { of: small, initMs: [], used: false, failed: 'Error: no' },
      ],
    }),
  )
  const [first, second] = report?.imports ?? []
  assert.equal(first?.lazy?.savedMs, 20)
  assert.ok((first?.lazy?.saved95?.low ?? 0) > 17 && (first?.lazy?.saved95?.high ?? 0) < 23)
  assert.equal(Number(first?.lazy?.savedUsd).toFixed(4), '0.3333')
  assert.deepEqual(second?.lazy, {
    savedMs: null,
    saved95: null,
    savedUsd: null,
    used: false,
    failed: 'Error: no',
  })
})

test('importsReport() is undefined without a start, and has no parts where the runtime tells nothing', () => {
  assert.equal(importsReport(input({ plainMs: [] })), undefined)
  assert.equal(importsReport(input({ records: [] }))?.parts, null)
})
