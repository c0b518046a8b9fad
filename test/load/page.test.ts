import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Script } from 'node:vm'
import { htmlOf } from '#lab/html.ts'
import { reportOf } from '#lab/result.ts'
import { madeUp, THREE_ROUTES } from '#lab/fake-flight.ts'

const uplot = (file: string): string =>
  readFileSync(new URL(`../../node_modules/uplot/dist/${file}`, import.meta.url), 'utf8')

test('htmlOf() with the real library has scripts that parse, and ten minutes fit into 600 KB', () => {
  const library = { script: uplot('uPlot.iife.min.js'), style: uplot('uPlot.min.css') }
  const long = madeUp(
    THREE_ROUTES.map((route) => ({ ...route, n: 20_000, cold: 100 })),
    {},
    600_000,
  )
  const html = htmlOf(reportOf(long), library)
  assert.ok(Buffer.byteLength(html) < 600_000, `${Buffer.byteLength(html)} bytes`)
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map((match) => match[1] ?? '')
  assert.equal(scripts.length, 2)
  for (const script of scripts) assert.doesNotThrow(() => new Script(script))
})
