/**
 * Test suites that other emulators wrote for themselves, run against a platform each, two at a time: a service passes
 * no fewer cases than `counts.json` says. What stands behind the rest, and the suites that take too long for this run,
 * is in docs/suites.md. A count that rises is told on stderr, so that somebody raises it here.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { before, suite, test } from 'node:test'
import { bounded } from '../../tools/bounded.ts'
import { platform } from '../support/platform.ts'
import { type Prepared, prepared, preparedForNode } from './prepared.ts'

/** Suite, service, and the cases that passed when they were last counted (of a count that varies: the least). */
const counts = JSON.parse(readFileSync(new URL('counts.json', import.meta.url), 'utf8')) as Readonly<
  Record<string, Readonly<Record<string, number>>>
>

/** For one suite, all its services. */
const SUITE_SECONDS = 220

/** A name that a suite calls its platform by. */
const HOST = 'host.docker.internal'

/** Pages that a suite sends requests as; the platform lets pages of others call it only when they are named. */
const ORIGINS = [
  'https://example.com',
  'https://attacker.evil.com',
  'https://not-allowed.com',
  'http://app.example.com',
  'http://app.other.com',
  'https://app.example.com',
]

/** One case, as `run` writes it. */
interface Case {
  readonly id: string
  readonly service: string
  readonly outcome: string
  readonly msg: string
}

const all = await prepared()
const suites: Readonly<Record<string, Prepared>> = {
  'floci-node': await preparedForNode(all),
  ministack: all,
}

suite('suites of others', { concurrency: 2 }, () => {
  for (const [name, services] of Object.entries(counts)) {
    const where = suites[name]
    assert.ok(where !== undefined, `${name} is a suite that this test knows`)
    suite(name, { skip: where.kind === 'missing' ? where.reason : false }, () => {
      let cases: readonly Case[] = []
      let said = ''
      before(async () => {
        if (where.kind === 'missing') return
        ;({ cases, said } = await ran(name, Object.keys(services), where))
      })
      for (const [service, least] of Object.entries(services)) {
        test(`${service}: ${least} cases of ${name} or more pass`, () => {
          const own = cases.filter((one) => one.service.replace(/^node:/, '') === service)
          const passed = own.filter((one) => one.outcome === 'passed').length
          const rest = own.filter((one) => one.outcome !== 'passed')
          const lines = rest.map(
            (one) => `${one.outcome} ${one.id}: ${one.msg.replaceAll(/\s+/g, ' ').slice(0, 200)}`,
          )
          assert.ok(passed >= least, `${passed} of ${own.length} passed\n${lines.join('\n')}\n${said}`)
          if (passed > least)
            console.error(`${name} ${service}: ${passed} of ${own.length}, counts.json says ${least}`)
        })
      }
    })
  }
})

/** Runs services of a suite against a platform of its own. `said` is what `run` printed. */
async function ran(
  name: string,
  services: readonly string[],
  { packed, unpacked }: Extract<Prepared, { kind: 'ready' }>,
): Promise<{ readonly cases: readonly Case[]; readonly said: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'wt-suite-'))
  const on = await platform(['--memory', '--allow-host', HOST, '--allow-origin', ORIGINS.join(',')])
  try {
    const out = join(folder, 'cases.jsonl')
    const argv = [
      'env',
      `SUITES=${unpacked}`,
      `PATH=${dirname(process.execPath)}${delimiter}${process.env['PATH'] ?? ''}`,
      join(packed, 'run'),
      name,
      `http://localhost:${on.port}`,
      '--only',
      services.join(','),
      '--out',
      out,
      '--budget',
      String(SUITE_SECONDS - 20),
    ]
    const said: string[] = []
    const { trouble } = await bounded(argv, SUITE_SECONDS * 1_000, (line) => said.push(line))
    assert.equal(trouble, undefined, said.join('\n'))
    const cases = readFileSync(out, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Case)
    assert.equal(await on.stop(), 0, on.stderr())
    return { cases, said: said.join('\n') }
  } finally {
    if (on.alive()) await on.kill()
    rmSync(folder, { recursive: true, force: true })
  }
}
