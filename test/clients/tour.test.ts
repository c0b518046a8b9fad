/** boto3 against every service that is written: the steps are in `fixtures/tour.py`, which stops at the first that fails. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ABSENT, boto3, clientEnv } from '../support/clients.ts'
import { run } from '../support/command.ts'
import { type Platform, platform } from '../support/platform.ts'

const TOUR = fileURLToPath(new URL('fixtures/tour.py', import.meta.url))
const python = await boto3()
const skip = python === undefined ? `boto3: ${ABSENT}` : false

let on: Platform
let home: string
before(async () => {
  home = mkdtempSync(join(tmpdir(), 'wt-home-'))
  on = await platform()
})
after(async () => {
  assert.equal(await on.stop(), 0)
  assert.doesNotMatch(on.stderr(), /"level":"error"/)
  rmSync(home, { recursive: true, force: true })
})

/** The logs are of the functions of the step before. */
const TOURS: Readonly<Record<string, readonly string[]>> = {
  'functions and their logs': ['lambda', 'logs'],
  'buckets and objects': ['s3'],
  'roles and sessions': ['identity'],
  'both kinds of API': ['gateways'],
  'stacks, change sets and rollbacks': ['stacks'],
}

for (const [what, names] of Object.entries(TOURS)) {
  test(`boto3 works with ${what}`, { skip }, async () => {
    const ran = await run(python ?? '', [TOUR, ...names], { env: clientEnv(on, home) })
    assert.equal(ran.code, 0, `${ran.out}${ran.err}`)
    assert.match(ran.out, /^ok /)
  })
}
